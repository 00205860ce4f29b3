/** Framing and signing. */
import { describe, expect, test } from "vitest";
import {
  createMessage,
  decode,
  encode,
  RejectedMessage,
  ReplayGuard,
  signatureOf,
} from "../../src/kernel/wire";

const PYTHON_SIGNATURE = "0206f42f4ae2a48f6054ab91271f90c100f7022f55fb1f23de6377624d533752";

const message = createMessage({
  type: "comm_msg",
  session: "s",
  content: { text: "µm", nested: { list: [1, null] } },
  metadata: { m: 1 },
  ids: [Buffer.from([0, 1, 255])],
  buffers: [Buffer.from("binary")],
});

describe("a message", () => {
  test("comes back as it was sent", () => {
    const back = decode(encode(message, "key"), "key");
    expect(back.header).toEqual(message.header);
    expect(back.content).toEqual(message.content);
    expect(back.metadata).toEqual(message.metadata);
    expect(back.ids.map((id) => Buffer.from(id))).toEqual([Buffer.from([0, 1, 255])]);
    expect(back.buffers.map(String)).toEqual(["binary"]);
  });

  test("has the signature that the specification gives", () => {
    // From Python's hmac module, with the key "key" and the four parts one after the other.
    const frames = ["<IDS|MSG>", "f", '{"a":1}', "{}", "{}", '{"b":2}'].map((text) => Buffer.from(text));
    expect(() => decode(frames, "key")).toThrow(RejectedMessage);
    frames[1] = Buffer.from(PYTHON_SIGNATURE);
    expect(() => decode(frames, "key")).toThrow("no message type");
  });

  test.each([2, 3, 4, 5])("is rejected when part %i is changed", (part) => {
    const frames = encode(message, "key");
    frames[part + 1] = Buffer.from('{"changed":true}');
    expect(() => decode(frames, "key")).toThrow("bad signature");
  });

  test("is rejected with another key, too few frames, or no delimiter", () => {
    const frames = encode(message, "key");
    expect(() => decode(frames, "other")).toThrow("bad signature");
    expect(() => decode(frames.slice(0, 5), "key")).toThrow("too few frames");
    expect(() => decode([Buffer.from("x")], "key")).toThrow("no delimiter");
    expect(() => decode([], "key")).toThrow("no delimiter");
  });

  test("is rejected when it comes a second time", () => {
    const guard = new ReplayGuard(2);
    const signature = signatureOf(encode(message, "key"));
    guard.check(signature);
    expect(() => guard.check(signature)).toThrow("sent twice");
    guard.check("b");
    guard.check("c"); // the first is forgotten now
    expect(() => guard.check(signature)).not.toThrow();
  });
});
