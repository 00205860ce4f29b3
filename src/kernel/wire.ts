/**
 * Jupyter messages as bytes: framing and signing.
 *
 * On the wire a message is `[...routing ids, "<IDS|MSG>", signature, header, parent header, metadata, content, ...buffers]`;
 * the signature is the HMAC-SHA256, in hex, of the four JSON parts. Whoever cannot sign is not listened to.
 *
 * @see Jupyter messaging specification 5.4, "The wire protocol"
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** The version of the messaging specification that is spoken here. */
export const PROTOCOL_VERSION = "5.4";

const DELIMITER = Buffer.from("<IDS|MSG>");

/** Header, parent header, metadata and content. */
const JSON_PARTS = 4;

/** Any JSON object; each message type has its own content, which the handler of that type reads. */
export type Json = Record<string, unknown>;

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export interface Message {
  /** Where a reply goes: the routing frames of a Router socket, or the topic of a Publisher. */
  ids: readonly Uint8Array[];
  header: Header;
  /** The header of the request that caused this message; empty on a request. */
  parent: Partial<Header>;
  metadata: Json;
  content: Json;
  buffers: readonly Uint8Array[];
}

/** What a sender must say; the header is made by {@link createMessage}. */
export interface Outgoing {
  type: string;
  content: Json;
  session: string;
  parent?: Partial<Header> | undefined;
  ids?: readonly Uint8Array[] | undefined;
  metadata?: Json | undefined;
  buffers?: readonly Uint8Array[] | undefined;
}

/** Frames that are not a message for us: malformed, unsigned, signed with another key, or sent twice. */
export class RejectedMessage extends Error {
  override name = "RejectedMessage";
}

/** A message with a fresh id and the present time. */
export function createMessage(outgoing: Outgoing): Message {
  return {
    ids: outgoing.ids ?? [],
    header: {
      msg_id: randomUUID(),
      msg_type: outgoing.type,
      session: outgoing.session,
      username: "oscc-lab",
      date: new Date().toISOString(),
      version: PROTOCOL_VERSION,
    },
    parent: outgoing.parent ?? {},
    metadata: outgoing.metadata ?? {},
    content: outgoing.content,
    buffers: outgoing.buffers ?? [],
  };
}

/** The frames of a message, signed with `key`. */
export function encode(message: Message, key: string): Uint8Array[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map((part) =>
    Buffer.from(JSON.stringify(part)),
  );
  return [...message.ids, DELIMITER, Buffer.from(sign(parts, key)), ...parts, ...message.buffers];
}

/**
 * Read and verify frames.
 *
 * @throws RejectedMessage when they are malformed or not signed with `key`
 */
export function decode(frames: readonly Uint8Array[], key: string): Message {
  const delimiter = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (delimiter < 0) throw new RejectedMessage("no delimiter");
  const signature = frames[delimiter + 1];
  const parts = frames.slice(delimiter + 2, delimiter + 2 + JSON_PARTS);
  if (!signature || parts.length < JSON_PARTS) throw new RejectedMessage("too few frames");
  if (!isSignedBy(key, signature, parts)) throw new RejectedMessage("bad signature");
  const [header, parent, metadata, content] = parts.map(parseObject);
  if (typeof header!.msg_type !== "string" || typeof header!.msg_id !== "string")
    throw new RejectedMessage("no message type");
  return {
    ids: frames.slice(0, delimiter),
    header: header as unknown as Header,
    parent: parent as Partial<Header>,
    metadata: metadata!,
    content: content!,
    buffers: frames.slice(delimiter + 2 + JSON_PARTS),
  };
}

/** The signature frame of a message, for {@link ReplayGuard}. */
export function signatureOf(frames: readonly Uint8Array[]): string {
  const delimiter = frames.findIndex((frame) => DELIMITER.equals(frame));
  return Buffer.from(frames[delimiter + 1] ?? []).toString("latin1");
}

/** Remembers signatures, so that a recorded message cannot be sent a second time. */
export class ReplayGuard {
  private readonly seen = new Set<string>();

  /** @param capacity how many signatures are remembered; the oldest are forgotten first */
  constructor(private readonly capacity = 65_536) {}

  /** @throws RejectedMessage when this signature came before */
  check(signature: string): void {
    if (this.seen.has(signature)) throw new RejectedMessage("sent twice");
    this.seen.add(signature);
    if (this.seen.size > this.capacity) this.seen.delete(this.seen.values().next().value!);
  }
}

function sign(parts: readonly Uint8Array[], key: string): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

function isSignedBy(key: string, signature: Uint8Array, parts: readonly Uint8Array[]): boolean {
  const expected = Buffer.from(sign(parts, key));
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

function parseObject(part: Uint8Array): Json {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(part).toString("utf8"));
  } catch {
    throw new RejectedMessage("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RejectedMessage("not a JSON object");
  return value as Json;
}
