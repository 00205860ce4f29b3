/**
 * The door to native code.
 *
 * A process that ends (`process.exit`, a kernel that is shut down) ends its threads. A thread that comes back from
 * native code then can hand over neither its result nor an error, and the whole process aborts: exit code 134 instead
 * of the one that was asked for. So the compute worker goes into the runtime through a door, and whoever ends the
 * worker closes it first. Ending a thread waits for native code in any case, so this takes no longer.
 */
import { setTimeout as delay } from "node:timers/promises";
import { workerData } from "node:worker_threads";

/** What one cell of shared memory says: nobody is inside, the worker is, or nobody may go in any more. */
const OPEN = 0;
const INSIDE = 1;
const CLOSED = 2;

/** A door for a new worker and its mates, who get it as `workerData.door`, and their places at it as `workerData.place`. */
export type Door = Int32Array;

/** So many threads may use a door. */
export const PLACES = 64;

export function newDoor(): Door {
  return new Int32Array(new SharedArrayBuffer(4 * PLACES));
}

/** Let nobody in any more; waits for those inside to come out. Blocks this thread: for a process that ends. */
export function closeDoor(door: Door): void {
  for (let place = 0; place < PLACES; place++) while (!closes(door, place)) Atomics.wait(door, place, INSIDE);
}

/** The same without blocking. */
export async function doorClosed(door: Door): Promise<void> {
  for (let place = 0; place < PLACES; place++) while (!closes(door, place)) await delay(2);
}

function closes(door: Door, place: number): boolean {
  return Atomics.compareExchange(door, place, OPEN, CLOSED) !== INSIDE;
}

/** The door of this worker; elsewhere, one that nobody closes. */
const own: Door = workerData?.door instanceof Int32Array ? workerData.door : newDoor();
const place: number = workerData?.place ?? 0;
let entered = 0;

/** Go in. Before a closed door a worker waits to be ended. */
export function enter(): void {
  if (entered++ > 0) return;
  while (Atomics.compareExchange(own, place, OPEN, INSIDE) === CLOSED) Atomics.wait(own, place, CLOSED);
}

/** Come out, as often as one went in. */
export function leave(): void {
  if (--entered > 0) return;
  Atomics.store(own, place, OPEN);
  Atomics.notify(own, place);
}

/** Have something done inside. */
export async function inside<T>(work: () => Promise<T>): Promise<T> {
  enter();
  try {
    return await work();
  } finally {
    leave();
  }
}
