/**
 * The main thread's side of the compute worker.
 *
 * There is one worker with all cores: two programs at a time on the same cores are slower. For large plans it shares the cores
 * with mates (see lanes/). It starts with the first program and lives as long as the process; while it has nothing to
 * do it does not keep the process alive.
 */
import { existsSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { OsccError } from "../core/errors";
import { PACKAGE_ROOT } from "../core/paths";
import { closeDoor, doorClosed, newDoor } from "./door";
import type { Reply, RequestKind, Requests } from "./protocol";

interface Pending {
  resolve(answer: never): void;
  reject(error: unknown): void;
}

/** Threads for the arithmetic: `$OSCC_THREADS`, else all cores. */
export function computeThreads(): number {
  const wanted = Number(process.env.OSCC_THREADS);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : os.availableParallelism();
}

/** A worker thread that answers requests. */
export class Runner {
  private readonly worker: Worker;
  private readonly door = newDoor();
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  /** Why the worker is gone, once it is. */
  private ended: OsccError<"WorkerCrashed"> | undefined;

  constructor(file = compiledFile("worker")) {
    this.worker = new Worker(file, { workerData: { door: this.door } });
    this.worker.unref();
    this.worker.on("message", (reply: Reply) => this.settle(reply));
    this.worker.on("error", (error) => this.end(error.message, error));
    const beforeTheEnd = () => closeDoor(this.door);
    process.once("exit", beforeTheEnd);
    this.worker.on("exit", (code) => {
      process.off("exit", beforeTheEnd);
      this.end(`it exited with code ${code}`);
    });
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /** Send a request; arrays in it are copied, except those listed to be handed over. */
  request<K extends RequestKind>(
    kind: K,
    payload: Requests[K]["request"],
    handOver: readonly ArrayBufferLike[] = [],
  ): Promise<Requests[K]["answer"]> {
    if (this.ended) return Promise.reject(this.ended);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      // Throws, before anything waits, where there is no memory for the copies.
      this.worker.postMessage({ id, kind, payload }, handOver as ArrayBuffer[]);
      this.pending.set(id, { resolve, reject });
      this.worker.ref();
    });
  }

  /** Stop the worker. Requests under way fail. */
  async stop(): Promise<void> {
    await doorClosed(this.door);
    await this.worker.terminate();
  }

  private settle(reply: Reply): void {
    const waiting = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker.unref();
    if ("failure" in reply) waiting?.reject(new Error(reply.failure));
    else waiting?.resolve(reply.answer as never);
  }

  private end(reason: string, cause?: unknown): void {
    this.ended ??= new OsccError(
      "WorkerCrashed",
      [
        `the compute worker stopped: ${reason}.`,
        "What its programs held (weights, optimiser state) is gone with it.",
        "Compile again, which starts a new worker, and continue from the last checkpoint.",
      ],
      { reason },
      { cause },
    );
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
  }
}

let shared: Runner | undefined;

/** The worker of this process; a new one if the last has crashed. */
export function runner(): Runner {
  if (!shared?.alive) shared = new Runner();
  return shared;
}

/** Sources that run in the worker: a build older than these is not used. */
const WORKER_SOURCES = [
  "worker",
  "planned",
  "device-plan",
  "transfer",
  "runtime",
  "door",
  "sessions",
  "finite",
  "views",
  "lanes/division",
  "lanes/mate",
  "lanes/mates",
  "lanes/mate-worker",
  "protocol",
  "probe",
  "release",
  "updates/resident",
  "updates/kernel-memory",
  "updates/layout",
  "onnx/graph",
  "onnx/encode",
  "onnx/order",
  "onnx/protobuf",
];

/**
 * A file of this folder in compiled form: beside this file when this file is compiled, else in `dist`,
 * since a thread or process cannot be started from TypeScript source.
 */
export function compiledFile(name: string): string {
  if (path.extname(__filename) === ".js") return path.join(__dirname, `${name}.js`);
  const compiled = (part: string) => path.join(PACKAGE_ROOT, "dist", "engine", `${part}.js`);
  const source = (part: string) => path.join(__dirname, `${part}.ts`);
  const stale = WORKER_SOURCES.filter((part) => existsSync(source(part))).find(
    (part) =>
      !existsSync(compiled(part)) || statSync(compiled(part)).mtimeMs < statSync(source(part)).mtimeMs,
  );
  if (stale)
    throw new OsccError(
      "WorkerCrashed",
      [
        `the compute worker cannot be started from source, and its compiled form is missing or older (${stale}.js).`,
        "Run  npm run build  and try again.",
      ],
      { reason: "not built" },
    );
  return compiled(name);
}
