/** Worker threads that answer tasks, one at a time each. */
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parentPort, type TransferListItem, Worker } from "node:worker_threads";
import { OsccError } from "./errors";
import { PACKAGE_ROOT } from "./paths";

interface Waiting<Task, Answer> {
  readonly task: Task;
  readonly transfer: readonly TransferListItem[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string };

/**
 * A few threads that run the same script. Tasks are taken in order by whichever thread is free. Threads are started
 * when there is work for them, and keep the process alive only while they work.
 */
export class Threads<Task, Answer> {
  private readonly queue: Waiting<Task, Answer>[] = [];
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Waiting<Task, Answer>>();
  private isClosed = false;

  /** @param script a compiled script that calls `answerTasks` @param limit at most so many threads */
  constructor(
    private readonly script: string,
    private readonly limit: number,
  ) {}

  /** Have a task answered. `transfer`: buffers that need not be copied and cannot be used here afterwards. */
  run(task: Task, transfer: readonly TransferListItem[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.queue.push({ task, transfer, resolve, reject });
      this.next();
    });
  }

  /** Stop the threads. Tasks that are not answered yet fail. */
  async close(): Promise<void> {
    this.isClosed = true;
    const threads = [...this.idle, ...this.busy.keys()];
    this.fail(new Error("the threads were closed"));
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private next(): void {
    if (this.isClosed || this.queue.length === 0) return;
    const thread = this.idle.pop() ?? (this.busy.size < this.limit ? this.start() : undefined);
    if (!thread) return;
    const waiting = this.queue.shift()!;
    this.busy.set(thread, waiting);
    thread.ref();
    thread.postMessage(waiting.task, waiting.transfer);
  }

  private start(): Worker {
    const thread = new Worker(this.script);
    thread.on("message", (reply: Reply<Answer>) => {
      const waiting = this.busy.get(thread);
      this.busy.delete(thread);
      this.idle.push(thread);
      thread.unref();
      if ("error" in reply) waiting?.reject(crashed(reply.error));
      else waiting?.resolve(reply.answer);
      this.next();
    });
    thread.on("error", (error) => this.drop(thread, error.message));
    thread.on("exit", (code) => this.drop(thread, `it ended with code ${code}`));
    return thread;
  }

  /** A thread is gone: its task fails, the others go on. */
  private drop(thread: Worker, reason: string): void {
    const waiting = this.busy.get(thread);
    this.busy.delete(thread);
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    waiting?.reject(crashed(reason));
    this.next();
  }

  private fail(reason: unknown): void {
    for (const { reject } of [...this.busy.values(), ...this.queue.splice(0)]) reject(reason);
    this.busy.clear();
    this.idle.length = 0;
  }
}

function crashed(reason: string): OsccError<"WorkerCrashed"> {
  return new OsccError("WorkerCrashed", [`a worker thread failed: ${reason}.`], { reason });
}

/** In a worker's script: answer each task. The buffers of an answer that `transfer` names are handed over, not copied. */
export function answerTasks<Task, Answer>(
  work: (task: Task) => Answer,
  transfer: (answer: Answer) => readonly TransferListItem[] = () => [],
): void {
  const port = parentPort;
  port?.on("message", (task: Task) => {
    try {
      const answer = work(task);
      port.postMessage({ answer } satisfies Reply<Answer>, transfer(answer));
    } catch (error) {
      port.postMessage({ error: error instanceof Error ? error.message : String(error) });
    }
  });
}

/**
 * The compiled script beside a module. Worker threads cannot load TypeScript, so a module that runs from sources gets
 * the built one, if it is not older than the sources beside it; else there is none.
 *
 * @param module the caller's `__filename`
 * @param name   the script's name without ending
 */
export function compiledScript(module: string, name: string): string | undefined {
  const folder = path.dirname(module);
  if (!module.endsWith(".ts")) return path.join(folder, `${name}.js`);
  const inside = path.relative(path.join(PACKAGE_ROOT, "src"), folder);
  const built = path.join(PACKAGE_ROOT, "dist", inside, `${name}.js`);
  return existsSync(built) && statSync(built).mtimeMs >= newestChange(folder) ? built : undefined;
}

function newestChange(folder: string): number {
  return Math.max(...readdirSync(folder).map((name) => statSync(path.join(folder, name)).mtimeMs));
}
