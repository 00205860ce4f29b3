/**
 * The kernel as Jupyter sees it: requests in, replies and output out.
 *
 * Cells run one after the other. Everything else (completion, comms, history, interrupts) is answered
 * at once, also while a cell waits for something, so a pause button works during training.
 */
import { randomUUID } from "node:crypto";
import { installHost } from "../core/host";
import { serveBrowserPanels } from "./browser-panel";
import { captureChildOutput } from "./child-output";
import { Comms } from "./comms";
import type { Ports } from "./connection";
import { currentContext, type RequestContext, withContext } from "./context";
import { DISPLAYS_TARGET, KernelDisplay } from "./display";
import {
  type ErrorReport,
  errorText,
  reportError,
  reportInterrupt,
  reportTypeProblems,
} from "./error-report";
import { ExecuteQueue, type JobEnd } from "./execute-queue";
import { History, type HistoryRequest } from "./history";
import { InputRequests } from "./input";
import type { CellOutcome, Inspection, Interpreter } from "./interpreter";
import type { InterruptState } from "./interrupt-state";
import { interruptible, isSigint, untilDone } from "./interruptible";
import { installNotebookApi } from "./notebook-api";
import { IopubPublisher } from "./publisher";
import { represent, representAsText, showsItself } from "./results";
import type { Channels, RequestChannel } from "./sockets";
import type { SourceRegistry } from "./sources";
import { stoppedOnRequest } from "./stop-check";
import { captureStreams } from "./streams";
import type { UnderWay } from "./under-way";
import { toCharacterOffset, toUtf16Offset } from "./unicode";
import { createMessage, type Json, type Message, PROTOCOL_VERSION } from "./wire";

export interface KernelParts {
  channels: Channels;
  ports: Ports;
  interpreter: Interpreter;
  sources: SourceRegistry;
  interrupts: InterruptState;
  underWay: UnderWay;
  version: string;
  /** Called when the kernel is asked to end and has said goodbye. */
  onShutdown: () => void;
}

/** The content of a reply; `undefined` when a message has none. */
type Answer = Json | undefined | Promise<Json | undefined>;

interface RunningCell {
  context: RequestContext;
  abort: AbortController;
}

export class Kernel {
  private readonly session = randomUUID();
  private readonly publisher: IopubPublisher;
  private readonly history = new History(process.env.OSCC_HISTORY || undefined);
  private readonly comms: Comms;
  private readonly display: KernelDisplay;
  private readonly input: InputRequests;
  private readonly queue = new ExecuteQueue();
  /** What runs beside the cells and can be stopped. */
  private readonly background = new Set<AbortController>();
  private count = 0;
  /** How many cells were run, silent ones included. */
  private cells = 0;
  private running: RunningCell | undefined;
  private lastContext: RequestContext | undefined;

  private readonly answers: Record<string, (request: Message, cell: number) => Answer> = {
    kernel_info_request: () => this.info(),
    connect_request: () => ({ status: "ok", ...this.parts.ports }),
    complete_request: (request) => this.complete(request),
    inspect_request: (request) => this.inspect(request),
    is_complete_request: ({ content }) => ({ ...this.parts.interpreter.isComplete(String(content.code)) }),
    history_request: ({ content }) => ({
      status: "ok",
      history: this.history.find(content as HistoryRequest),
    }),
    comm_info_request: ({ content }) => ({
      status: "ok",
      comms: this.comms.info(content.target_name as string | undefined),
    }),
    comm_open: (request) => this.comms.receive(request).then(() => undefined),
    comm_msg: (request) => this.comms.receive(request).then(() => undefined),
    comm_close: (request) => this.comms.receive(request).then(() => undefined),
    interrupt_request: (_, cell) => {
      // The cell that was meant may be over by now. Where none ran yet, what runs now was asked for before the interrupt.
      if (cell === 0 || cell === this.running?.context.cell) this.interrupt();
      else this.stopBackground();
      return { status: "ok" };
    },
    shutdown_request: (request) => this.shutdown(request),
  };

  constructor(private readonly parts: KernelParts) {
    this.publisher = new IopubPublisher(parts.channels, this.session);
    this.comms = new Comms(this.publisher);
    this.input = new InputRequests(parts.channels, this.session);
    const fallback = () => this.running?.context ?? this.lastContext;
    this.display = new KernelDisplay(this.publisher, fallback);
    captureStreams(this.publisher, fallback);
    captureChildOutput();
    installHost(this.display);
    installNotebookApi({
      display: (bundle, options) => this.display.show(bundle, options),
      clearOutput: (wait) => this.display.clear(wait),
      input: (prompt = "", options) => this.input.ask(prompt, options),
      openComm: (target, data, options) => this.comms.openComm(target, data, options),
      onComm: (target, opened) => this.comms.registerTarget(target, opened),
      inBackground: (stop, work) => this.inBackground(stop, work),
    });
    this.comms.registerTarget(DISPLAYS_TARGET, (comm) => this.display.welcomeBack(comm));
    const { interpreter } = parts;
    serveBrowserPanels({ onComm: (target, opened) => this.comms.registerTarget(target, opened) }, (value) =>
      interpreter.nameOf(value),
    );
  }

  /** Say that the kernel is coming up. */
  announce(): void {
    this.publisher.status("starting", undefined);
  }

  /** A message has arrived; `cell` is the one that is to stop for it. */
  receive(channel: RequestChannel, request: Message, cell: number): void {
    if (channel === "stdin") this.input.receive(request);
    else if (request.header.msg_type === "execute_request") this.enqueue(channel, request);
    else void this.answer(channel, request, cell);
  }

  /** Stop the running cell; its variables stay. */
  interrupt(): void {
    this.running?.abort.abort(stoppedOnRequest());
    this.stopBackground();
  }

  private stopBackground(): void {
    for (const stop of this.background) stop.abort(stoppedOnRequest());
  }

  private async inBackground<T>(stop: AbortController, work: () => Promise<T>): Promise<T> {
    this.background.add(stop);
    const context = currentContext() ?? this.lastContext;
    try {
      return await (context ? withContext({ ...context, signal: stop.signal, isQuiet: true }, work) : work());
    } finally {
      this.background.delete(stop);
    }
  }

  /** An error that no cell caught: it goes to the output of the cell that it comes from. */
  reportUncaught(error: unknown): void {
    const text = errorText(error, this.parts.sources);
    this.publisher.stream("stderr", `Uncaught ${text}`, currentContext() ?? this.lastContext);
  }

  /** Show the output of a library that thinks it talks to tslab. */
  showForTslab(
    data: { data: Json; metadata: Json; transient: { display_id?: string } },
    update: boolean,
  ): void {
    this.display.show(data.data, { metadata: data.metadata, displayId: data.transient.display_id, update });
  }

  private enqueue(channel: RequestChannel, request: Message): void {
    this.queue.add({
      run: () => this.execute(channel, request),
      abort: () => {
        this.publisher.status("busy", request);
        // Without a count: a front end would write it beside a cell that never ran.
        this.reply(channel, request, { status: "aborted" });
        this.publisher.status("idle", request);
      },
    });
  }

  private async execute(channel: RequestChannel, request: Message): Promise<JobEnd> {
    const cell = ++this.cells;
    // Before anybody can know of it: an interrupt that comes from now on is for this cell.
    this.parts.interrupts.running = cell;
    this.publisher.status("busy", request);
    const { content } = request;
    const code = String(content.code ?? "");
    const silent = content.silent === true;
    if (content.store_history !== false && !silent) this.history.add(++this.count, code);
    const abort = new AbortController();
    const context: RequestContext = { request, silent, cell, signal: abort.signal };
    this.running = { context, abort };
    this.lastContext = context;
    if (!silent) this.publisher.publish("execute_input", { code, execution_count: this.count }, request);
    const former = silent ? undefined : this.parts.underWay.report();
    if (former) this.publisher.stream("stderr", former, context);
    this.parts.underWay.begin({ label: this.label, code });
    const error = await withContext(context, () => this.runCell(code, context));
    this.parts.underWay.end();
    const expressions = error ? {} : this.evaluateAll((content.user_expressions ?? {}) as Json);
    const abortQueued = error !== undefined && content.stop_on_error !== false;
    this.running = undefined;
    // Nothing comes between two cells of a queue: an interrupt there is for the one that is about to begin.
    this.parts.interrupts.running = this.queue.isWaiting && !abortQueued ? cell + 1 : 0;
    if (abort.signal.aborted) this.parts.interrupts.leaveBehind(cell);
    this.publisher.flushStreams();
    return {
      abortQueued,
      reply: () => {
        const common = { execution_count: this.count, user_expressions: expressions, payload: [] };
        this.reply(
          channel,
          request,
          error ? { status: "error", ...error, ...common } : { status: "ok", ...common },
        );
        this.publisher.status("idle", request);
      },
    };
  }

  /** Run a cell and show what came of it. Returns the error, if it ended in one. */
  private async runCell(code: string, context: RequestContext): Promise<ErrorReport | undefined> {
    const { label } = this;
    // A compiler that crashes is this cell's failure, not the end of the queue.
    const outcome = await this.parts.interpreter
      .execute(code, label, context.signal!)
      .catch((error: unknown): CellOutcome => ({ status: "failed", error }));
    const error = await this.settle(outcome, code, label, context);
    if (error && !context.silent) this.publisher.publish("error", { ...error }, context.request);
    return error;
  }

  /** What the running cell is called. */
  private get label(): string {
    return `Cell [${this.count}]`;
  }

  private async settle(
    outcome: CellOutcome,
    code: string,
    label: string,
    context: RequestContext,
  ): Promise<ErrorReport | undefined> {
    switch (outcome.status) {
      case "ok":
        return this.showResult(outcome.value, context);
      case "not-compiled":
        return reportTypeProblems(outcome.problems, code, label);
      case "interrupted":
        return reportInterrupt(outcome.error);
      case "failed":
        return this.wasStopped(outcome.error, context)
          ? reportInterrupt(outcome.error)
          : this.remembered(outcome.error);
    }
  }

  private async showResult(value: unknown, context: RequestContext): Promise<ErrorReport | undefined> {
    if (value === undefined || context.silent) return undefined;
    try {
      // A value may take its time to draw itself; that can be stopped like the cell itself.
      const drawing = interruptible(this.parts.interrupts, () =>
        showsItself(value) ? value._display_() : represent(value),
      );
      const representation = await untilDone(Promise.resolve(drawing), context.signal!, 0);
      if (!representation) return undefined;
      const content = { execution_count: this.count, ...representation };
      this.publisher.publish("execute_result", content, context.request);
      return undefined;
    } catch (error) {
      return this.wasStopped(error, context) ? reportInterrupt(error) : this.remembered(error);
    }
  }

  private wasStopped(error: unknown, { cell, signal }: RequestContext): boolean {
    return isSigint(error) || signal?.aborted === true || this.parts.interrupts.stopped === cell;
  }

  private remembered(error: unknown): ErrorReport {
    this.parts.interpreter.rememberError(error);
    return reportError(error, this.parts.sources);
  }

  private evaluateAll(expressions: Json): Json {
    return Object.fromEntries(
      Object.entries(expressions).map(([name, expression]) => [name, this.evaluate(String(expression))]),
    );
  }

  private evaluate(expression: string): Json {
    try {
      return interruptible(this.parts.interrupts, () => ({
        status: "ok",
        ...representAsText(this.parts.interpreter.evaluate(expression)),
      }));
    } catch (error) {
      return { status: "error", ...reportError(error, this.parts.sources) };
    }
  }

  /** Answer anything that is not a cell, between the busy and idle status that every request is wrapped in. */
  private async answer(channel: RequestChannel, request: Message, cell: number): Promise<void> {
    this.publisher.status("busy", request);
    try {
      const content = await this.answers[request.header.msg_type]?.(request, cell);
      if (content) this.reply(channel, request, content);
    } catch (error) {
      this.reply(channel, request, { status: "error", ...reportError(error, this.parts.sources) });
    }
    this.publisher.status("idle", request);
    // The front end believes the last status it hears: as long as a cell runs, that must be "busy".
    if (this.running) this.publisher.status("busy", this.running.context.request);
  }

  private reply(channel: RequestChannel, request: Message, content: Json): void {
    this.parts.channels.send(
      channel,
      createMessage({
        type: request.header.msg_type.replace(/_request$/, "_reply"),
        content,
        session: this.session,
        parent: request.header,
        ids: request.ids,
      }),
    );
  }

  private info(): Json {
    return {
      status: "ok",
      protocol_version: PROTOCOL_VERSION,
      implementation: "oscc-lab",
      implementation_version: this.parts.version,
      banner: `oscc-lab ${this.parts.version}, TypeScript ${this.parts.interpreter.languageVersion}, Node ${process.version}`,
      help_links: [{ text: "TypeScript handbook", url: "https://www.typescriptlang.org/docs/handbook/" }],
      language_info: {
        name: "typescript",
        version: this.parts.interpreter.languageVersion,
        mimetype: "text/typescript",
        file_extension: ".ts",
        pygments_lexer: "typescript",
        codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
        nbconvert_exporter: "script",
      },
    };
  }

  private complete({ content }: Message): Json {
    const code = String(content.code);
    const offset = toUtf16Offset(code, Number(content.cursor_pos));
    const { start, end, items } = this.parts.interpreter.complete(code, offset);
    const cursor_start = toCharacterOffset(code, start);
    const cursor_end = toCharacterOffset(code, end);
    const types = items.map(({ name, kind }) => ({
      start: cursor_start,
      end: cursor_end,
      text: name,
      type: kind,
    }));
    return {
      status: "ok",
      matches: items.map(({ name }) => name),
      cursor_start,
      cursor_end,
      // The name under which front ends look for the kinds of matches.
      metadata: { _jupyter_types_experimental: types },
    };
  }

  private inspect({ content }: Message): Json {
    const code = String(content.code);
    const found = this.parts.interpreter.inspect(code, toUtf16Offset(code, Number(content.cursor_pos)));
    if (!found) return { status: "ok", found: false, data: {}, metadata: {} };
    const data = { "text/plain": inspectionText(found), "text/markdown": inspectionMarkdown(found) };
    return { status: "ok", found: true, data, metadata: {} };
  }

  private async shutdown(request: Message): Promise<Json> {
    this.parts.underWay.forget();
    const content = { status: "ok", restart: request.content.restart === true };
    this.publisher.publish("shutdown_reply", content, request);
    // After the reply and the idle status, which follow this one.
    setImmediate(() => void this.parts.channels.flush().then(this.parts.onShutdown));
    return content;
  }
}

function inspectionText({ signature, documentation, tags }: Inspection): string {
  const tagLines = tags.map(({ name, text }) => `@${name} ${text}`.trimEnd());
  return [signature, documentation, tagLines.join("\n")].filter((part) => part !== "").join("\n\n");
}

function inspectionMarkdown({ signature, documentation, tags }: Inspection): string {
  const tagLines = tags.map(({ name, text }) =>
    name === "example" ? `*example*\n\`\`\`ts\n${text}\n\`\`\`` : `*${name}* ${text}`,
  );
  return [`\`\`\`ts\n${signature}\n\`\`\``, documentation, ...tagLines]
    .filter((part) => part !== "")
    .join("\n\n");
}
