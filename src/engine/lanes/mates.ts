/** The mates that work on one plan, seen from the compute worker. */
import type { PlanRequest } from "../protocol";
import { lengthOf } from "../views";
import { buffersOfLane, type Share, type Stage } from "./division";
import { type Mate, mateOf, type TaskDone } from "./mate";

type Numbers = (view: number) => Float32Array;

let nextPlan = 1;

export class Mates {
  private readonly id = nextPlan++;
  private readonly rooms: Float32Array[] = [];

  private constructor(
    private readonly plan: Omit<PlanRequest, "values">,
    private readonly mates: readonly Mate[],
    private readonly roomLength: number,
  ) {}

  /** Have mates open a plan for their lanes; none if they cannot, for want of memory. */
  static async open(
    plan: Omit<PlanRequest, "values">,
    parts: readonly (number | Stage)[],
    threads: number,
  ): Promise<Mates | undefined> {
    const { lanes, views } = plan;
    const total = ({ lent, summed }: Share) =>
      [...lent, ...summed].reduce((n, view) => n + lengthOf(views[view]!), 0);
    const roomLength = Math.max(
      0,
      ...parts.flatMap((part) => (typeof part === "number" ? [] : part.shares.map(total))),
    );
    const places = Array.from({ length: lanes - 1 }, (_, i) => i + 1);
    const { graphs, buffers, phases } = plan;
    let opened: Mates | undefined;
    try {
      opened = new Mates(plan, places.map(mateOf), roomLength);
      const { id, mates } = opened;
      const asked = mates.map((mate, i) => {
        const own = buffersOfLane(plan, i + 1, lanes);
        return mate.ask({ kind: "open", plan: id, what: { graphs, views, buffers, phases, own, threads } });
      });
      await Promise.all(asked);
      return opened;
    } catch {
      await opened?.close();
      return undefined;
    }
  }

  /** Have the mates' shares of a stage carried out. What they are lent is copied at once; the answers come later. */
  begin(phase: number, { shares }: Stage, numbers: Numbers, look: boolean): Promise<TaskDone[]> {
    const { views } = this.plan;
    const tasks = shares.map((share, i) => {
      const room = this.rooms.pop() ?? new Float32Array(this.roomLength);
      let at = 0;
      for (const view of share.lent) {
        room.set(numbers(view), at);
        at += lengthOf(views[view]!);
      }
      const task = { kind: "task", plan: this.id, phase, share, room, look } as const;
      return this.mates[i]!.ask<TaskDone>(task, [room.buffer]);
    });
    return Promise.all(tasks);
  }

  /** Take what the mates made in a stage. */
  take({ shares }: Stage, done: readonly TaskDone[], numbers: Numbers): void {
    const { views } = this.plan;
    shares.forEach(({ lent, summed, returned }, i) => {
      const { room, returned: results } = done[i]!;
      let at = lent.reduce((n, view) => n + lengthOf(views[view]!), 0);
      for (const view of summed) {
        const end = at + lengthOf(views[view]!);
        addTo(numbers(view), room.subarray(at, end));
        at = end;
      }
      returned.forEach((view, k) => {
        numbers(view).set(results[k]!);
      });
      this.rooms.push(room);
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.mates.map((mate) => mate.ask({ kind: "close", plan: this.id })));
  }
}

/** Eight at a time, which takes half as long. */
function addTo(sum: Float32Array, part: Float32Array): void {
  const { length } = sum;
  let i = 0;
  for (; i + 7 < length; i += 8) {
    sum[i]! += part[i]!;
    sum[i + 1]! += part[i + 1]!;
    sum[i + 2]! += part[i + 2]!;
    sum[i + 3]! += part[i + 3]!;
    sum[i + 4]! += part[i + 4]!;
    sum[i + 5]! += part[i + 5]!;
    sum[i + 6]! += part[i + 6]!;
    sum[i + 7]! += part[i + 7]!;
  }
  for (; i < length; i++) sum[i]! += part[i]!;
}
