/** The connection file: where kernel and front end meet, and the key they share. */
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { OsccError } from "../core/errors";

export interface Connection {
  transport: "tcp" | "ipc";
  ip: string;
  key: string;
  signature_scheme: "hmac-sha256";
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
}

export type Channel = "shell" | "iopub" | "stdin" | "control" | "hb";

const CHANNELS: readonly Channel[] = ["shell", "iopub", "stdin", "control", "hb"];

/** The ZeroMQ address of one channel. */
export function address(connection: Connection, channel: Channel): string {
  const port = connection[`${channel}_port`];
  return connection.transport === "ipc" ? `ipc://${connection.ip}-${port}` : `tcp://${connection.ip}:${port}`;
}

/** The port of each channel, as `connect_reply` names them. */
export function portsOf({ shell_port, iopub_port, stdin_port, control_port, hb_port }: Connection): Ports {
  return { shell_port, iopub_port, stdin_port, control_port, hb_port };
}

export type Ports = Pick<Connection, `${Channel}_port`>;

/**
 * Read a connection file, and refuse what would open the kernel to others.
 *
 * A kernel runs whatever it is told to run. So it listens on this machine only, and only to those who hold the key.
 *
 * @throws OsccError `Kernel` when the file is missing, incomplete, without a key, or names an outside address
 */
export function readConnection(file: string): Connection {
  const found = parse(file);
  const problems: string[] = [];
  if (found.transport !== "tcp" && found.transport !== "ipc")
    problems.push(`transport is ${JSON.stringify(found.transport)}; expected "tcp" or "ipc".`);
  if (found.transport === "tcp" && !isLoopback(found.ip))
    problems.push(`ip is ${JSON.stringify(found.ip)}; expected a loopback address such as 127.0.0.1.`);
  if (typeof found.key !== "string" || found.key === "")
    problems.push("key is empty; expected a secret, because unsigned messages are never executed.");
  if (found.signature_scheme !== "hmac-sha256")
    problems.push(`signature_scheme is ${JSON.stringify(found.signature_scheme)}; expected "hmac-sha256".`);
  for (const channel of CHANNELS)
    if (!Number.isInteger(found[`${channel}_port`])) problems.push(`${channel}_port is missing.`);
  if (problems.length > 0)
    throw new OsccError("Kernel", [`the connection file ${file} cannot be used.`, ...problems], {
      detail: problems.join(" "),
    });
  return found as unknown as Connection;
}

/** A connection on free loopback ports with a fresh key. */
export async function createConnection(): Promise<Connection> {
  const [shell, iopub, stdin, control, hb] = await freePorts(CHANNELS.length);
  return {
    transport: "tcp",
    ip: "127.0.0.1",
    key: randomUUID(),
    signature_scheme: "hmac-sha256",
    shell_port: shell!,
    iopub_port: iopub!,
    stdin_port: stdin!,
    control_port: control!,
    hb_port: hb!,
  };
}

/** Write a connection file that only its owner can read. */
export function writeConnection(file: string, connection: Connection): void {
  writeFileSync(file, JSON.stringify(connection, null, 2), { mode: 0o600 });
}

function parse(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw new OsccError(
      "Kernel",
      [
        `the connection file ${file} cannot be read.`,
        "Jupyter writes it and names it on the kernel's command line; start the kernel from a notebook or with startKernel().",
      ],
      { detail: "unreadable connection file" },
      { cause },
    );
  }
}

function isLoopback(ip: unknown): boolean {
  return typeof ip === "string" && (/^127(\.\d{1,3}){3}$/.test(ip) || ip === "localhost");
}

/** Ports that were all free at the same moment: every one is held until the last is found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
