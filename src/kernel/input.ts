/** Questions to the person at the front end. */
import { OsccError } from "../core/errors";
import { currentContext } from "./context";
import type { Channels } from "./sockets";
import { createMessage, type Message } from "./wire";

export interface InputOptions {
  /** Do not show what is typed. Default `false`. */
  password?: boolean;
}

export class InputRequests {
  private readonly waiting = new Map<string, (value: string) => void>();

  constructor(
    private readonly channels: Channels,
    private readonly session: string,
  ) {}

  /**
   * Ask the front end of the running cell for a line of text.
   *
   * @throws OsccError `Kernel` where nobody can answer, as in a notebook that is run without a browser
   */
  ask(prompt: string, { password = false }: InputOptions = {}): Promise<string> {
    const context = currentContext();
    if (!context?.request.content.allow_stdin) return Promise.reject(nobodyToAsk());
    const question = createMessage({
      type: "input_request",
      content: { prompt, password },
      session: this.session,
      parent: context.request.header,
      ids: context.request.ids,
    });
    const id = question.header.msg_id;
    return new Promise((resolve, reject) => {
      const { signal } = context;
      const forget = () => {
        this.waiting.delete(id);
        signal?.removeEventListener("abort", stopped);
      };
      const stopped = () => {
        forget();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stopped, { once: true });
      this.waiting.set(id, (value) => {
        forget();
        resolve(value);
      });
      this.channels.send("stdin", question);
    });
  }

  /** An answer has come. Front ends that do not say which question it answers answer the latest. */
  receive(reply: Message): void {
    if (reply.header.msg_type !== "input_reply") return;
    const latest = [...this.waiting.keys()].at(-1);
    const id = reply.parent.msg_id && this.waiting.has(reply.parent.msg_id) ? reply.parent.msg_id : latest;
    if (id !== undefined) this.waiting.get(id)?.(String(reply.content.value ?? ""));
  }
}

function nobodyToAsk(): OsccError<"Kernel"> {
  return new OsccError(
    "Kernel",
    [
      "this cell asks for input, and nobody is there to answer.",
      "Set the value in the cell, or run the notebook in JupyterLab.",
    ],
    { detail: "no stdin" },
  );
}
