/**
 * Writing protocol buffers: just the wire format that an ONNX file needs.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** One message under construction. Fields are written in the order of the calls. */
export class ProtobufMessage {
  private buffer = Buffer.allocUnsafe(64);
  private size = 0;

  /** A whole number; negative ones take ten bytes, as the format wants it. */
  integer(field: number, value: number): this {
    this.tag(field, VARINT);
    if (value >= 0) this.varint(value);
    else this.negative(value);
    return this;
  }

  /** A single-precision number. */
  float(field: number, value: number): this {
    this.tag(field, FIXED_32);
    this.reserve(4);
    this.size = this.buffer.writeFloatLE(value, this.size);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, "utf8"));
  }

  bytes(field: number, value: Uint8Array): this {
    this.tag(field, LENGTH_DELIMITED);
    this.varint(value.byteLength);
    this.reserve(value.byteLength);
    this.buffer.set(value, this.size);
    this.size += value.byteLength;
    return this;
  }

  /** Fields that are encoded already. */
  raw(fields: Uint8Array): this {
    this.reserve(fields.byteLength);
    this.buffer.set(fields, this.size);
    this.size += fields.byteLength;
    return this;
  }

  message(field: number, value: ProtobufMessage): this {
    return this.bytes(field, value.finish());
  }

  /** The bytes so far; valid until the next field is added. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.size);
  }

  private tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** Seven bits at a time, the lowest first; the high bit says that more follow. */
  private varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest > 127) {
      this.buffer[this.size++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.size++] = rest;
  }

  private negative(value: number): void {
    this.reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.buffer[this.size++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.buffer[this.size++] = Number(rest);
  }

  private reserve(bytes: number): void {
    if (this.size + bytes <= this.buffer.byteLength) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.byteLength, this.size + bytes));
    larger.set(this.buffer.subarray(0, this.size));
    this.buffer = larger;
  }
}
