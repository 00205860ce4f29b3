/** Cells run one after the other, in the order of their arrival. */

export interface Job {
  run(): Promise<JobEnd>;
  /** Called instead of `run` when a job before it failed. */
  abort(): void;
}

export interface JobEnd {
  /** The jobs that were queued behind this one when it ended are not to run. */
  abortQueued: boolean;
  /** Tell the front end that the job is over. */
  reply(): void;
}

/** Requests that were sent before a cell failed may still be on their way from the socket. */
const ARRIVAL_MS = 10;

export class ExecuteQueue {
  private jobs: Job[] = [];
  private isDraining = false;

  /** Jobs wait behind the one that runs. */
  get isWaiting(): boolean {
    return this.jobs.length > 0;
  }

  add(job: Job): void {
    this.jobs.push(job);
    if (!this.isDraining) void this.drain();
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    for (let job = this.jobs.shift(); job; job = this.jobs.shift()) {
      const { abortQueued, reply } = await job.run();
      if (abortQueued) await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS));
      // Taken before the reply: what is sent in answer to it is a new beginning.
      const aborted = abortQueued ? this.jobs.splice(0) : [];
      reply();
      for (const queued of aborted) queued.abort();
    }
    this.isDraining = false;
  }
}
