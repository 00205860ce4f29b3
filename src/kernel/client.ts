/**
 * A Jupyter client for Node: start a kernel, run cells, see what comes back. No Python anywhere.
 *
 * It speaks the protocol only, so it drives any Jupyter kernel; ours is the default.
 *
 * @example
 * const kernel = await startKernel({ cwd: "notebooks" });
 * const cell = await kernel.execute("1 + 1");
 * console.log(cell.outputs); // [{ type: "execute_result", data: { "text/plain": "2" }, ... }]
 * await kernel.shutdown();
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { OsccError } from "../core/errors";
import type { MimeBundle } from "../core/host";
import { address, type Connection, createConnection, writeConnection } from "./connection";
import { kernelCommand, OSCC_KERNEL_SPEC, readKernelSpec } from "./kernel-spec";
import { createMessage, decode, encode, type Json, type Message, RejectedMessage } from "./wire";

/** One thing that a cell showed. */
export type CellOutput =
  | { type: "stream"; name: "stdout" | "stderr"; text: string }
  | { type: "display_data"; data: MimeBundle; metadata: Json; displayId?: string }
  | { type: "update_display_data"; data: MimeBundle; metadata: Json; displayId: string }
  | { type: "execute_result"; data: MimeBundle; metadata: Json; executionCount: number }
  | { type: "error"; ename: string; evalue: string; traceback: string[] }
  | { type: "clear_output"; wait: boolean };

/** What became of a cell. */
export interface CellResult {
  /** `aborted`: it was queued behind a cell that failed. */
  status: "ok" | "error" | "aborted";
  executionCount: number | null;
  /** Everything it showed until the kernel was idle, in order. */
  outputs: CellOutput[];
  error?: { ename: string; evalue: string; traceback: string[] };
  /** The values of the expressions that were asked for, as the kernel sent them. */
  userExpressions: Json;
}

export interface ExecuteOptions {
  /** Called with each output as it arrives; also with what the cell shows after it is done (timers, updates). */
  onOutput?: (output: CellOutput) => void;
  /** Answers the cell's requests for input; without it, the kernel is told that there is no input. */
  onInput?: (prompt: string, password: boolean) => string | Promise<string>;
  /** Leave no trace: no output, no count, no history. Default `false`. */
  silent?: boolean;
  /** Count the cell and keep it in the history. Default `true`. */
  storeHistory?: boolean;
  /** When the cell fails, abort the cells queued behind it. Default `true`. */
  stopOnError?: boolean;
  /** Expressions to evaluate after the cell. */
  userExpressions?: Record<string, string>;
  /** Fail when the kernel says nothing for so many seconds. Default: wait for ever. */
  timeoutS?: number;
}

export interface StartOptions {
  /** The kernel specification folder. Default: this package's kernel. */
  spec?: string;
  /** The kernel's working folder: where a notebook lies. Default: the present one. */
  cwd?: string;
  /** Environment variables beside those of this process. */
  env?: Record<string, string | undefined>;
  /**
   * Where the connection file lies. Default: a new folder, removed with the kernel. For a kernel that takes the place of
   * another, as Jupyter starts one again: the same folder.
   */
  connectionFolder?: string;
  /** How long the kernel may take to answer for the first time. Default 60. */
  readyTimeoutS?: number;
}

export interface Completion {
  matches: string[];
  /** The range of the code that a match replaces, in Unicode characters. */
  start: number;
  end: number;
  metadata: Json;
}

/** Start a kernel and wait until it answers. */
export async function startKernel(options: StartOptions = {}): Promise<KernelClient> {
  const specFolder = options.spec ?? OSCC_KERNEL_SPEC;
  const spec = readKernelSpec(specFolder);
  const connection = await createConnection();
  const folder = options.connectionFolder ?? mkdtempSync(path.join(tmpdir(), "oscc-kernel-"));
  const connectionFile = path.join(folder, "connection.json");
  writeConnection(connectionFile, connection);
  const [program, ...args] = kernelCommand(specFolder, spec, connectionFile);
  const child = spawn(program, args, {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, ...spec.env, ...options.env, JPY_PARENT_PID: String(process.pid) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (!options.connectionFolder) child.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const client = new KernelClient(child, connection, spec.interrupt_mode ?? "signal");
  try {
    await client.ready(options.readyTimeoutS ?? 60);
  } catch (error) {
    client.kill();
    throw error;
  }
  return client;
}

/** Everything that comes back about one request, and who waits for it. */
interface PendingRequest {
  onIopub: (message: Message) => void;
  onInput?: ((prompt: string, password: boolean) => string | Promise<string>) | undefined;
  reply?: Message;
  idle: boolean;
  /** Called at each sign of life. */
  touch: () => void;
  settle: (outcome: Message | Error) => void;
}

interface RequestOptions {
  channel?: "shell" | "control";
  onIopub?: (message: Message) => void;
  onInput?: PendingRequest["onInput"];
  timeoutS?: number | undefined;
  buffers?: readonly Uint8Array[];
}

/** So many finished requests are remembered, to tell what they show late. */
const MAX_DONE = 1000;

/** A running kernel. Made by {@link startKernel}. */
export class KernelClient {
  private readonly session = randomUUID();
  private readonly shell: Dealer;
  private readonly control: Dealer;
  private readonly stdin: Dealer;
  private readonly iopub: Subscriber;
  private readonly pending = new Map<string, PendingRequest>();
  /** Requests that are done; code that they started may still show something. */
  private readonly done = new Map<string, (message: Message) => void>();
  private readonly listeners = new Set<(message: Message) => void>();
  private readonly sending = new Map<Dealer, Promise<void>>();
  private readonly killChild = () => this.child.kill("SIGKILL");
  /** What the kernel process itself wrote, outside of any cell; the last 16 kB. */
  private processOutput = "";
  private exit: { code: number | null; signal: string | null } | undefined;
  private readonly exited: Promise<void>;

  /** @param child the kernel's process; it is killed when this process exits */
  constructor(
    readonly child: ChildProcess,
    private readonly connection: Connection,
    private readonly interruptMode: "signal" | "message",
  ) {
    // The same identity on shell and stdin: that is how the kernel finds whom to ask for input.
    const routingId = randomUUID();
    this.shell = new Dealer({ routingId, linger: 0 });
    this.stdin = new Dealer({ routingId, linger: 0 });
    this.control = new Dealer({ linger: 0 });
    this.iopub = new Subscriber({ receiveHighWaterMark: 0, linger: 0 });
    this.exited = this.watchChild();
    this.connect();
  }

  /** The kernel's process id. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Wait for the first answer on shell and the first word on iopub (which connects on its own time). */
  async ready(timeoutS: number): Promise<void> {
    const deadline = Date.now() + timeoutS * 1000;
    const heard = new Promise<void>((resolve) => {
      const stop = this.onMessage(() => {
        stop();
        resolve();
      });
    });
    while (Date.now() < deadline) {
      this.throwIfDead();
      const answered = this.request("kernel_info_request", {}).then(
        () => heard,
        () => new Promise(() => {}),
      );
      const outcome = await Promise.race([answered.then(() => "ready"), pause(250), this.exited]);
      if (outcome === "ready") return;
    }
    throw this.failure(`the kernel did not answer within ${timeoutS} s.`);
  }

  /** Run a cell and wait until the kernel is idle again. */
  async execute(code: string, options: ExecuteOptions = {}): Promise<CellResult> {
    const outputs: CellOutput[] = [];
    let executionCount: number | null = null;
    let isDone = false;
    const reply = await this.request(
      "execute_request",
      {
        code,
        silent: options.silent ?? false,
        store_history: options.storeHistory ?? !options.silent,
        user_expressions: options.userExpressions ?? {},
        allow_stdin: options.onInput !== undefined,
        stop_on_error: options.stopOnError ?? true,
      },
      {
        onInput: options.onInput,
        timeoutS: options.timeoutS,
        onIopub: (message) => {
          if (message.header.msg_type === "execute_input")
            executionCount = Number(message.content.execution_count);
          const output = cellOutput(message);
          if (!output) return;
          if (!isDone) outputs.push(output);
          options.onOutput?.(output);
        },
      },
    );
    isDone = true;
    const { status, execution_count, ename, evalue, traceback, user_expressions } = reply.content;
    return {
      status: status as CellResult["status"],
      executionCount: typeof execution_count === "number" ? execution_count : executionCount,
      outputs,
      userExpressions: (user_expressions as Json | undefined) ?? {},
      ...(status === "error" && {
        error: {
          ename: String(ename),
          evalue: String(evalue),
          traceback: (traceback as string[] | undefined) ?? [],
        },
      }),
    };
  }

  /** What could stand at the cursor (counted in Unicode characters; default: the end). */
  async complete(code: string, cursor = [...code].length): Promise<Completion> {
    const { content } = await this.request("complete_request", { code, cursor_pos: cursor });
    return {
      matches: content.matches as string[],
      start: Number(content.cursor_start),
      end: Number(content.cursor_end),
      metadata: content.metadata as Json,
    };
  }

  /** What stands at the cursor: its type and documentation, or `undefined`. */
  async inspect(code: string, cursor = [...code].length): Promise<MimeBundle | undefined> {
    const { content } = await this.request("inspect_request", { code, cursor_pos: cursor, detail_level: 0 });
    return content.found ? (content.data as MimeBundle) : undefined;
  }

  /** Whether the code can be run as it stands. */
  async isComplete(code: string): Promise<{ status: string; indent?: string }> {
    const { content } = await this.request("is_complete_request", { code });
    return content as { status: string; indent?: string };
  }

  /** What the kernel says about itself. */
  async info(): Promise<Json> {
    return (await this.request("kernel_info_request", {})).content;
  }

  /** Stop what is running; its variables stay. */
  async interrupt(): Promise<void> {
    if (this.interruptMode === "signal") this.child.kill("SIGINT");
    else await this.request("interrupt_request", {}, { channel: "control" });
  }

  /**
   * Send any request and wait for its reply and for the idle status that follows.
   *
   * @throws OsccError `Kernel` when the kernel dies, or is silent for longer than `timeoutS`
   */
  request(type: string, content: Json, options: RequestOptions = {}): Promise<Message> {
    const socket = options.channel === "control" ? this.control : this.shell;
    const message = this.message(type, content, options.buffers);
    const id = message.header.msg_id;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const touch = () => {
        clearTimeout(timer);
        if (options.timeoutS === undefined) return;
        const silent = `the kernel said nothing for ${options.timeoutS} s.`;
        timer = setTimeout(() => request.settle(this.failure(silent)), options.timeoutS * 1000);
      };
      const request: PendingRequest = {
        onIopub: options.onIopub ?? (() => {}),
        onInput: options.onInput,
        idle: false,
        touch,
        settle: (outcome) => {
          clearTimeout(timer);
          this.pending.delete(id);
          if (options.onIopub) this.keepListening(id, options.onIopub);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      if (this.exit) return reject(this.failure("the kernel has stopped."));
      this.pending.set(id, request);
      touch();
      this.send(socket, message);
    });
  }

  /** Send a message that has no reply (such as `comm_msg`). Returns its id. */
  notify(type: string, content: Json, buffers?: readonly Uint8Array[]): string {
    const message = this.message(type, content, buffers);
    this.send(this.shell, message);
    return message.header.msg_id;
  }

  /** Send frames as they are, signed or not: for tests of what the kernel must refuse. */
  async sendRaw(frames: readonly Uint8Array[], channel: "shell" | "control" = "shell"): Promise<void> {
    await this[channel].send([...frames]);
  }

  /** Hear every message that the kernel publishes, also after its cell is done. Returns how to stop. */
  onMessage(listener: (message: Message) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ask the kernel to end, and kill it if it has not after `graceS` seconds (default 3). */
  async shutdown(options: { restart?: boolean; graceS?: number } = {}): Promise<void> {
    if (!this.exit) {
      this.send(this.control, this.message("shutdown_request", { restart: options.restart ?? false }));
      await Promise.race([this.exited, pause((options.graceS ?? 3) * 1000)]);
    }
    this.kill();
    await this.exited;
  }

  /** End the kernel's process at once. */
  kill(): void {
    if (!this.exit) this.killChild();
    this.close();
  }

  /** How the kernel's process ended, or `undefined` while it runs. */
  get exitStatus(): { code: number | null; signal: string | null } | undefined {
    return this.exit;
  }

  private connect(): void {
    this.shell.connect(address(this.connection, "shell"));
    this.control.connect(address(this.connection, "control"));
    this.stdin.connect(address(this.connection, "stdin"));
    this.iopub.connect(address(this.connection, "iopub"));
    this.iopub.subscribe();
    void this.listen(this.shell, (message) => this.onReply(message));
    void this.listen(this.control, (message) => this.onReply(message));
    void this.listen(this.stdin, (message) => this.onInputRequest(message));
    void this.listen(this.iopub, (message) => this.onIopub(message));
  }

  private async listen(socket: Dealer | Subscriber, handle: (message: Message) => void): Promise<void> {
    try {
      for await (const frames of socket) {
        let message: Message;
        try {
          message = decode(frames, this.connection.key);
        } catch (error) {
          if (error instanceof RejectedMessage) continue;
          throw error;
        }
        handle(message);
      }
    } catch (error) {
      if (!socket.closed) throw error;
    }
  }

  private onReply(message: Message): void {
    const request = this.pending.get(message.parent.msg_id ?? "");
    if (!request) return;
    request.reply = message;
    request.touch();
    settleIfDone(request);
  }

  private onIopub(message: Message): void {
    for (const listener of [...this.listeners]) listener(message);
    const id = message.parent.msg_id ?? "";
    const request = this.pending.get(id);
    if (!request) {
      if (message.header.msg_type !== "status") this.done.get(id)?.(message);
      return;
    }
    request.touch();
    if (message.header.msg_type !== "status") {
      request.onIopub(message);
      return;
    }
    request.idle = message.content.execution_state === "idle";
    settleIfDone(request);
  }

  private keepListening(id: string, onIopub: (message: Message) => void): void {
    this.done.set(id, onIopub);
    if (this.done.size > MAX_DONE) this.done.delete(this.done.keys().next().value!);
  }

  private async onInputRequest(message: Message): Promise<void> {
    const request = this.pending.get(message.parent.msg_id ?? "");
    if (message.header.msg_type !== "input_request" || !request?.onInput) return;
    const value = await request.onInput(String(message.content.prompt), message.content.password === true);
    const reply = this.message("input_reply", { status: "ok", value });
    this.send(this.stdin, { ...reply, parent: message.header });
  }

  private message(type: string, content: Json, buffers?: readonly Uint8Array[]): Message {
    return createMessage({ type, content, session: this.session, buffers });
  }

  /** ZeroMQ allows one send at a time on a socket. */
  private send(socket: Dealer, message: Message): void {
    const before = this.sending.get(socket) ?? Promise.resolve();
    const frames = encode(message, this.connection.key);
    const sent = before.then(() => (socket.closed ? undefined : socket.send(frames)));
    this.sending.set(
      socket,
      sent.catch(() => {}),
    );
  }

  private watchChild(): Promise<void> {
    process.once("exit", this.killChild);
    const keep = (chunk: Buffer) => {
      this.processOutput = (this.processOutput + chunk.toString()).slice(-16_384);
    };
    this.child.stdout?.on("data", keep);
    this.child.stderr?.on("data", keep);
    return new Promise((resolve) => {
      const ended = (code: number | null, signal: string | null) => {
        this.exit ??= { code, signal };
        process.removeListener("exit", this.killChild);
        for (const request of [...this.pending.values()])
          request.settle(this.failure("the kernel has stopped."));
        this.close();
        resolve();
      };
      this.child.once("error", (error) => {
        keep(Buffer.from(`${error.message}\n`));
        ended(null, null);
      });
      this.child.once("exit", ended);
    });
  }

  private close(): void {
    for (const socket of [this.shell, this.control, this.stdin, this.iopub])
      if (!socket.closed) socket.close();
  }

  private throwIfDead(): void {
    if (this.exit) throw this.failure("the kernel stopped before it was ready.");
  }

  private failure(what: string): OsccError<"Kernel"> {
    const how = this.exit && `Its process ended with ${this.exit.signal ?? `exit code ${this.exit.code}`}.`;
    const said = this.processOutput.trim();
    const lines = [what, ...(how ? [how] : []), ...(said ? [`It wrote:\n${said}`] : [])];
    return new OsccError("Kernel", lines, { detail: what });
  }
}

function settleIfDone(request: PendingRequest): void {
  if (request.reply && request.idle) request.settle(request.reply);
}

/** An iopub message as an output of a cell; other messages (status, execute_input, comms) are none. */
function cellOutput({ header, content }: Message): CellOutput | undefined {
  const data = content.data as MimeBundle;
  const metadata = (content.metadata as Json | undefined) ?? {};
  const displayId = (content.transient as { display_id?: string } | undefined)?.display_id;
  switch (header.msg_type) {
    case "stream":
      return { type: "stream", name: content.name as "stdout" | "stderr", text: String(content.text) };
    case "display_data":
      return { type: "display_data", data, metadata, ...(displayId !== undefined && { displayId }) };
    case "update_display_data":
      return { type: "update_display_data", data, metadata, displayId: displayId ?? "" };
    case "execute_result":
      return { type: "execute_result", data, metadata, executionCount: Number(content.execution_count) };
    case "error":
      return {
        type: "error",
        ename: String(content.ename),
        evalue: String(content.evalue),
        traceback: content.traceback as string[],
      };
    case "clear_output":
      return { type: "clear_output", wait: content.wait === true };
    default:
      return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
