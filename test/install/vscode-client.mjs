// A kernel client in the manner of VS Code's Jupyter extension, which can be had neither from npm nor from Debian: it finds
// kernel.json by itself, starts the kernel by itself, and puts raw ZeroMQ sockets under the same @jupyterlab/services, which
// checks every message. What follows its ways is written from what the extension does, not from what the protocol allows:
// interrupts go to the shell channel, a kernel is ended by signals and never asked to, no parent process is named.

import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { Dealer, Subscriber } from "zeromq";

const CHANNELS = ["shell", "iopub", "stdin", "control", "hb"];
const DELIMITER = "<IDS|MSG>";
const STARTS_WITHIN_MS = 60_000;

/** Every kernel.json below the folder of a user's kernels, as the list "Jupyter Kernel..." would show it. */
export function findKernelSpecs(home) {
  const folder = path.join(home, ".local", "share", "jupyter", "kernels");
  return readdirSync(folder, { recursive: true })
    .filter((file) => path.basename(file) === "kernel.json")
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), "utf8")));
}

/** Start a kernel in the folder of a notebook and wait until it has answered and is idle. */
export async function startKernel(services, spec, { cwd, home, env }) {
  const ports = await freePorts(CHANNELS.length);
  const connection = {
    ...Object.fromEntries(CHANNELS.map((channel, i) => [`${channel}_port`, ports[i]])),
    ...{ ip: "127.0.0.1", transport: "tcp", signature_scheme: "hmac-sha256", key: randomUUID() },
  };
  const runtime = path.join(home, ".local", "share", "jupyter", "runtime");
  mkdirSync(runtime, { recursive: true });
  const file = path.join(runtime, `kernel-v2-${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(connection));
  const [program, ...rest] = spec.argv.map((word) => word.replace("{connection_file}", file));
  const child = spawn(program, rest, {
    cwd,
    env: { ...env, ...spec.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      log += chunk;
    });
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));

  const socket = new RawSocket(connection);
  const kernel = new services.KernelConnection({
    model: { id: randomUUID(), name: spec.display_name },
    handleComms: true,
    serverSettings: services.ServerConnection.makeSettings({
      wsUrl: "ws://raw",
      WebSocket: socket.asWebSocket,
      serializer: { serialize: (message) => message, deserialize: (message) => message },
    }),
  });
  const unhandled = [];
  kernel.unhandledMessage.connect((_, message) => unhandled.push(message.header.msg_type));
  socket.open();
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`the kernel did not answer:\n${log}`)), STARTS_WITHIN_MS).unref();
  });
  await Promise.race([
    kernel.info,
    late,
    exited.then((end) => Promise.reject(new Error(`it ended (${end}):\n${log}`))),
  ]);
  return {
    connection: kernel,
    pid: child.pid,
    exited,
    log: () => log,
    /** The button "Interrupt". */
    interrupt: () =>
      kernel.sendShellMessage(
        services.KernelMessage.createMessage({
          msgType: "interrupt_request",
          channel: "shell",
          username: kernel.username,
          session: kernel.clientId,
          content: {},
        }),
        true,
        true,
      ).done,
    /** What closing the notebook, and the first half of "Restart", do. */
    async end() {
      child.kill("SIGTERM");
      const end = await Promise.race([
        exited,
        new Promise((resolve) => setTimeout(resolve, 5000, "it goes on")),
      ]);
      if (end === "it goes on") child.kill("SIGKILL");
      kernel.dispose();
      socket.close();
      rmSync(file, { force: true });
      return end;
    },
  };
}

/** ZeroMQ on one side, what @jupyterlab/services takes for a web socket on the other. */
class RawSocket {
  #sockets;
  #key;
  #front;
  #sending = Promise.resolve();

  constructor(connection) {
    this.#key = connection.key;
    // One identity for all: the kernel finds by it whom to ask for input.
    const routingId = randomUUID();
    this.#sockets = {
      shell: new Dealer({ routingId, linger: 0 }),
      control: new Dealer({ routingId, linger: 0 }),
      stdin: new Dealer({ routingId, linger: 0 }),
      iopub: new Subscriber({ receiveHighWaterMark: 0, linger: 0 }),
    };
    for (const [channel, socket] of Object.entries(this.#sockets)) {
      socket.connect(`tcp://${connection.ip}:${connection[`${channel}_port`]}`);
      void this.#listen(channel, socket);
    }
    this.#sockets.iopub.subscribe();
    const raw = this;
    this.asWebSocket = class {
      protocol = "";
      constructor() {
        raw.#front = this;
      }
      send(message) {
        raw.#sending = raw.#sending.then(() => raw.#sockets[message.channel].send(raw.#encode(message)));
      }
      close() {}
    };
  }

  open() {
    this.#front.onopen({ target: this.#front });
  }

  close() {
    for (const socket of Object.values(this.#sockets)) socket.close();
  }

  async #listen(channel, socket) {
    for await (const frames of socket) this.#front?.onmessage?.({ data: this.#decode(channel, frames) });
  }

  #encode({ header, parent_header = {}, metadata = {}, content, buffers = [] }) {
    const parts = [header, parent_header, metadata, content].map((part) => JSON.stringify(part));
    return [DELIMITER, this.#sign(parts), ...parts, ...buffers];
  }

  #decode(channel, frames) {
    const start = frames.findIndex((frame) => frame.toString() === DELIMITER);
    const [signature, ...parts] = frames.slice(start + 1, start + 6).map(String);
    if (signature !== this.#sign(parts)) throw new Error("a message from the kernel has a wrong signature");
    const [header, parent_header, metadata, content] = parts.map((part) => JSON.parse(part));
    return { channel, header, parent_header, metadata, content, buffers: frames.slice(start + 6) };
  }

  #sign(parts) {
    const hmac = createHmac("sha256", this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port))),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
