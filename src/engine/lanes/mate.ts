/** A mate of the compute worker, seen from there: a thread that carries out shares of plans. */
import path from "node:path";
import { MessageChannel, type MessagePort, Worker, workerData } from "node:worker_threads";
import type { PlanRequest } from "../protocol";
import type { Share } from "./division";

/** A plan, as far as a mate carries it out. */
export interface MatesPlan extends Pick<PlanRequest, "graphs" | "views" | "buffers" | "phases"> {
  /** Buffers of its own. */
  readonly own: readonly number[];
  readonly threads: number;
}

/** A share to carry out, with the numbers lent and room for the sums. */
export interface MatesTask {
  readonly plan: number;
  readonly phase: number;
  readonly share: Share;
  /** The views lent and those summed, one after the other; it comes back. */
  readonly room: Float32Array;
  /** Stop at the first call that makes a value which is not finite. */
  readonly look: boolean;
}

export interface TaskDone {
  readonly room: Float32Array;
  /** The views returned, in their order. */
  readonly returned: readonly Float32Array[];
  /** Where a value was not finite. */
  readonly broken?: { readonly call: number; readonly value: string };
}

export type ToMate =
  | { readonly kind: "open"; readonly plan: number; readonly what: MatesPlan }
  | ({ readonly kind: "task" } & MatesTask)
  | { readonly kind: "close"; readonly plan: number };

export type FromMate = { readonly answer: unknown } | { readonly failure: string };

export class Mate {
  private readonly port: MessagePort;
  private readonly waiting: { resolve(answer: never): void; reject(error: Error): void }[] = [];
  private ended: Error | undefined;

  /** @param place the mate's place at the door, see door.ts */
  constructor(place: number) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const worker = new Worker(path.join(__dirname, "mate-worker.js"), {
      workerData: { door: workerData?.door, place, port: port2 },
      transferList: [port2],
    });
    worker.on("error", (error) => this.end(error));
    worker.on("exit", (code) => this.end(new Error(`a mate of the compute worker exited with code ${code}`)));
    port1.on("message", (message: FromMate) => {
      const first = this.waiting.shift();
      if ("failure" in message) first?.reject(new Error(message.failure));
      else first?.resolve(message.answer as never);
    });
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /** Answers come in the order of the messages. */
  ask<T = void>(message: ToMate, handOver: readonly ArrayBufferLike[] = []): Promise<T> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.port.postMessage(message, handOver as ArrayBuffer[]);
      this.waiting.push({ resolve, reject });
    });
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }
}

const mates: Mate[] = [];

/** The mate of a lane (1, 2, ...). It starts when it is first asked for, and lives as long as the compute worker. */
export function mateOf(lane: number): Mate {
  const known = mates[lane];
  if (known?.alive) return known;
  const mate = new Mate(lane);
  mates[lane] = mate;
  return mate;
}
