/** A mate's thread: the groups of its lane, in buffers of their own. */
import { type MessagePort, workerData } from "node:worker_threads";
import { allFinite } from "../finite";
import { releaseNow } from "../release";
import { type InferenceSession, type Tensor, tensor } from "../runtime";
import { runFenced, Sessions } from "../sessions";
import { lengthOf } from "../views";
import type { FromMate, MatesPlan, MatesTask, TaskDone, ToMate } from "./mate";

const sessions = new Sessions();
const plans = new Map<number, OpenPlan>();

class OpenPlan {
  private readonly memory: ReadonlyMap<number, Float32Array>;
  private readonly tensors = new Map<number, Tensor>();

  private constructor(
    private readonly plan: MatesPlan,
    private readonly opened: ReadonlyMap<number, InferenceSession>,
    private readonly fenced: boolean,
  ) {
    this.memory = new Map(plan.own.map((buffer) => [buffer, new Float32Array(plan.buffers[buffer]!)]));
  }

  static async of(plan: MatesPlan): Promise<OpenPlan> {
    const staged = plan.phases.flatMap(({ calls }) => calls.filter(({ stage }) => stage !== undefined));
    const opened = new Map<number, InferenceSession>();
    for (const graph of new Set(staged.map((call) => call.graph))) {
      const request = { ...plan.graphs[graph]!, threads: plan.threads, outputs: [], state: [] };
      opened.set(graph, await sessions.acquire({ ...request, device: "cpu" }));
    }
    return new OpenPlan(plan, opened, await sessions.fenceWorks());
  }

  async carryOut({ phase, share, room, look }: MatesTask): Promise<TaskDone> {
    const { phases, views, graphs } = this.plan;
    const given = new Map<number, Tensor>();
    let at = 0;
    const place = (view: number, data: Float32Array) =>
      given.set(view, tensor("float32", data, views[view]!.shape));
    for (const view of [...share.lent, ...share.summed]) {
      const end = at + lengthOf(views[view]!);
      place(view, room.subarray(at, end));
      at = end;
    }
    for (const view of share.summed) (given.get(view)!.data as Float32Array).fill(0);
    for (const view of share.returned) place(view, new Float32Array(lengthOf(views[view]!)));
    const tensors = (of: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(of).map(([name, view]) => [name, given.get(view) ?? this.own(view)]));
    const results = () => share.returned.map((view) => given.get(view)!.data as Float32Array);

    for (const call of share.calls) {
      const { graph, feeds, fetches } = phases[phase]!.calls[call]!;
      const made = tensors(fetches);
      const fence = this.fenced ? { [graphs[graph]!.fence]: null } : {};
      await runFenced(this.opened.get(graph)!, tensors(feeds), { ...fence, ...made }, this.fenced);
      const broken = look && Object.keys(made).find((name) => !allFinite(made[name]!.data as Float32Array));
      if (broken) return { room, returned: results(), broken: { call, value: broken } };
    }
    return { room, returned: results() };
  }

  async close(): Promise<void> {
    for (const graph of this.opened.keys()) await sessions.release(this.plan.graphs[graph]!.key);
    releaseNow([...this.memory.values()]);
  }

  private own(view: number): Tensor {
    const { buffer, offset, shape } = this.plan.views[view]!;
    const end = offset + lengthOf(this.plan.views[view]!);
    const made =
      this.tensors.get(view) ?? tensor("float32", this.memory.get(buffer)!.subarray(offset, end), shape);
    this.tensors.set(view, made);
    return made;
  }
}

async function answer(message: ToMate): Promise<unknown> {
  switch (message.kind) {
    case "open":
      plans.set(message.plan, await OpenPlan.of(message.what));
      return;
    case "task":
      return plans.get(message.plan)!.carryOut(message);
    case "close":
      await plans.get(message.plan)?.close();
      plans.delete(message.plan);
  }
}

const port = workerData.port as MessagePort;
let turn: Promise<void> = Promise.resolve();
port.on("message", (message: ToMate) => {
  turn = turn.then(async () => {
    const reply: FromMate = await answer(message).then(
      (answer) => ({ answer }),
      (error) => ({ failure: error instanceof Error ? error.message : String(error) }),
    );
    const done = "answer" in reply && message.kind === "task" ? (reply.answer as TaskDone) : undefined;
    const handOver = done ? [done.room, ...done.returned].map(({ buffer }) => buffer as ArrayBuffer) : [];
    port.postMessage(reply, handOver);
  });
});
