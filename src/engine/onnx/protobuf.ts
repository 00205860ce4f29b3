/**
 * Writing protocol buffers: just the wire format that an ONNX file needs.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** One message under construction. Fields are written in the order of the calls. */
export class ProtobufMessage {
  private readonly chunks: Uint8Array[] = [];
  private size = 0;

  /** A whole number; negative ones take ten bytes, as the format wants it. */
  integer(field: number, value: number | bigint): this {
    this.tag(field, VARINT);
    this.varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** A single-precision number. */
  float(field: number, value: number): this {
    this.tag(field, FIXED_32);
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.append(bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, "utf8"));
  }

  /** Raw bytes; kept by reference until the message is finished. */
  bytes(field: number, value: Uint8Array): this {
    this.tag(field, LENGTH_DELIMITED);
    this.varint(BigInt(value.byteLength));
    this.append(value);
    return this;
  }

  message(field: number, value: ProtobufMessage): this {
    this.tag(field, LENGTH_DELIMITED);
    this.varint(BigInt(value.size));
    for (const chunk of value.chunks) this.append(chunk);
    return this;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.chunks, this.size);
  }

  private tag(field: number, wireType: number): void {
    this.varint(BigInt((field << 3) | wireType));
  }

  private varint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.append(Uint8Array.from(bytes));
  }

  private append(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.size += bytes.byteLength;
  }
}
