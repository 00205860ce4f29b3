/** The compute worker: holds programs ready and answers requests, one at a time and in order. */
import { parentPort } from "node:worker_threads";
import { loadPlan } from "./planned";
import type { Message, Reply, RequestKind, Requests } from "./protocol";
import { loadProgram, type ResidentProgram, Sessions } from "./sessions";

const sessions = new Sessions();
const programs = new Map<number, ResidentProgram>();
let nextProgram = 1;

type Handler<K extends RequestKind> = (request: Requests[K]["request"]) => Promise<Requests[K]["answer"]>;

const handlers: { [K in RequestKind]: Handler<K> } = {
  load: async (request) => keep(await loadProgram(sessions, request)),
  loadPlan: async (request) => keep(await loadPlan(sessions, request)),
  async run({ program, inputs }) {
    return { outputs: await programs.get(program)!.run(inputs) };
  },
  inspect: ({ program, inputs }) => programs.get(program)!.inspect!(inputs),
  read: ({ program, names }) => programs.get(program)!.read(names),
  async write({ program, values }) {
    await programs.get(program)!.write(values);
    return undefined;
  },
  async unload({ program }) {
    await programs.get(program)?.close();
    programs.delete(program);
    return undefined;
  },
};

function keep(program: ResidentProgram) {
  const id = nextProgram++;
  programs.set(id, program);
  return { program: id, copiesOutputs: program.copiesOutputs };
}

async function answer(message: Message): Promise<Reply> {
  try {
    const handler = handlers[message.kind] as Handler<typeof message.kind>;
    return { id: message.id, answer: await handler(message.payload as never) };
  } catch (error) {
    return { id: message.id, failure: error instanceof Error ? error.message : String(error) };
  }
}

let turn: Promise<void> = Promise.resolve();
parentPort?.on("message", (message: Message) => {
  turn = turn.then(async () => {
    parentPort?.postMessage(await answer(message));
  });
});
