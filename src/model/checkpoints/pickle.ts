/**
 * A pickle reader that cannot run anything.
 *
 * A pickle is a program for a small stack machine; Python's own reader will call any function that the
 * file names. This one knows a fixed table of globals (`ALLOWED_GLOBALS`), builds plain data from them, and
 * refuses every other name. Source: CPython `Lib/pickletools.py`; the opcodes are those that `torch.save` writes.
 */
import { type CheckpointDtype, invalidCheckpoint } from "./checkpoint";

/** The type of a storage, as torch names it: `torch.FloatStorage`. `undefined`: untyped bytes. */
export class StorageClass {
  constructor(readonly dtype: CheckpointDtype) {}
}

/** A storage by its key; the bytes are elsewhere in the file. */
export class StorageReference {
  constructor(
    readonly dtype: CheckpointDtype,
    readonly key: string,
    readonly elements: number,
    /** Elements to skip at the start: a legacy storage that is a view of another one. */
    readonly start: number,
  ) {}
}

/** A tensor as a strided view of a storage. */
export class TensorReference {
  constructor(
    readonly storage: StorageReference,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** An object of a class that is allowed but means nothing here: its fields, never its behaviour. */
export class OpaqueRecord {
  state: PickleValue = null;
  constructor(readonly className: string) {}
}

/** A global of the allow-list, before it is called. */
class Constructor {
  constructor(
    readonly name: string,
    readonly build: (values: readonly PickleValue[], where: PickleSource) => PickleValue,
  ) {}
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | StorageClass
  | StorageReference
  | TensorReference
  | OpaqueRecord
  | Constructor;

interface PickleSource {
  readonly path: string;
}

const STORAGES: Readonly<Record<string, CheckpointDtype>> = {
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  DoubleStorage: "float64",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

const opaque = (name: string) => new Constructor(name, () => new OpaqueRecord(name));

/** Every global that may appear in a checkpoint. Nothing here does more than arrange data. */
const ALLOWED_GLOBALS: ReadonlyMap<string, PickleValue> = new Map<string, PickleValue>([
  ["collections.OrderedDict", new Constructor("collections.OrderedDict", ([pairs]) => orderedDict(pairs))],
  ["torch._utils._rebuild_tensor_v2", new Constructor("torch._utils._rebuild_tensor_v2", rebuildTensor)],
  [
    "torch._utils._rebuild_parameter",
    new Constructor("torch._utils._rebuild_parameter", ([data]) => data ?? null),
  ],
  ["torch.Size", new Constructor("torch.Size", ([size]) => size ?? [])],
  ["torch.device", opaque("torch.device")],
  ["argparse.Namespace", opaque("argparse.Namespace")],
  ...["torch.storage.UntypedStorage", "torch.UntypedStorage"].map((name): [string, PickleValue] => [
    name,
    new StorageClass("uint8"),
  ]),
  ...Object.entries(STORAGES).map(([name, dtype]): [string, PickleValue] => [
    `torch.${name}`,
    new StorageClass(dtype),
  ]),
]);

function orderedDict(pairs: PickleValue | undefined): PickleValue {
  const dict = new Map<PickleValue, PickleValue>();
  if (Array.isArray(pairs))
    for (const pair of pairs) if (Array.isArray(pair)) dict.set(pair[0] ?? null, pair[1] ?? null);
  return dict;
}

function rebuildTensor(values: readonly PickleValue[], where: PickleSource): PickleValue {
  const [storage, offset, shape, strides] = values;
  if (
    !(storage instanceof StorageReference) ||
    typeof offset !== "number" ||
    !isShape(shape) ||
    !isShape(strides)
  )
    throw corrupt(where, "a tensor is described in a way torch does not write");
  return new TensorReference(storage, offset, shape, strides);
}

function isShape(value: PickleValue | undefined): value is number[] {
  return (
    Array.isArray(value) && value.every((n) => typeof n === "number" && Number.isSafeInteger(n) && n >= 0)
  );
}

const MARK = Symbol("mark");
type StackItem = PickleValue | typeof MARK;

/** The value of the pickle that starts at `start`, and where the next one begins. */
export function readPickle(path: string, bytes: Buffer, start = 0): { value: PickleValue; end: number } {
  try {
    return new PickleMachine(path, bytes, start).run();
  } catch (error) {
    if (error instanceof RangeError)
      throw invalidCheckpoint(path, "truncated", [
        "ends in the middle of its index of tensors.",
        "Download or copy the file again and compare its size.",
      ]);
    throw error;
  }
}

class PickleMachine implements PickleSource {
  private readonly stack: StackItem[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    readonly path: string,
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  run(): { value: PickleValue; end: number } {
    for (;;) {
      const opcode = this.bytes.readUInt8(this.at++);
      if (opcode === 0x2e) return { value: this.pop(), end: this.at };
      this.step(opcode);
    }
  }

  /** One instruction. The character beside each number is its name in `pickletools`. */
  private step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        this.at += 1;
        return;
      case 0x95: // FRAME
        this.at += 8;
        return;
      case 0x28: // ( MARK
        this.stack.push(MARK);
        return;
      case 0x30: // 0 POP
        this.stack.pop();
        return;
      case 0x4e: // N NONE
        this.stack.push(null);
        return;
      case 0x88: // NEWTRUE
        this.stack.push(true);
        return;
      case 0x89: // NEWFALSE
        this.stack.push(false);
        return;
      case 0x4b: // K BININT1
        this.stack.push(this.bytes.readUInt8(this.skip(1)));
        return;
      case 0x4d: // M BININT2
        this.stack.push(this.bytes.readUInt16LE(this.skip(2)));
        return;
      case 0x4a: // J BININT
        this.stack.push(this.bytes.readInt32LE(this.skip(4)));
        return;
      case 0x8a: // LONG1
        this.stack.push(this.long(this.bytes.readUInt8(this.skip(1))));
        return;
      case 0x47: // G BINFLOAT
        this.stack.push(this.bytes.readDoubleBE(this.skip(8)));
        return;
      case 0x58: // X BINUNICODE
        this.stack.push(this.text(this.bytes.readUInt32LE(this.skip(4))));
        return;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // U SHORT_BINSTRING
        this.stack.push(this.text(this.bytes.readUInt8(this.skip(1))));
        return;
      case 0x43: // C SHORT_BINBYTES
        this.stack.push(this.raw(this.bytes.readUInt8(this.skip(1))));
        return;
      case 0x42: // B BINBYTES
        this.stack.push(this.raw(this.bytes.readUInt32LE(this.skip(4))));
        return;
      case 0x7d: // } EMPTY_DICT
        this.stack.push(new Map());
        return;
      case 0x5d: // ] EMPTY_LIST
      case 0x29: // ) EMPTY_TUPLE
        this.stack.push([]);
        return;
      case 0x74: // t TUPLE
        this.stack.push(this.popToMark());
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.stack.push(this.popMany(opcode - 0x84));
        return;
      case 0x71: // q BINPUT
        this.memo.set(this.bytes.readUInt8(this.skip(1)), this.top());
        return;
      case 0x72: // r LONG_BINPUT
        this.memo.set(this.bytes.readUInt32LE(this.skip(4)), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x68: // h BINGET
        this.stack.push(this.recall(this.bytes.readUInt8(this.skip(1))));
        return;
      case 0x6a: // j LONG_BINGET
        this.stack.push(this.recall(this.bytes.readUInt32LE(this.skip(4))));
        return;
      case 0x61: // a APPEND
        this.append([this.pop()]);
        return;
      case 0x65: // e APPENDS
        this.append(this.popToMark());
        return;
      case 0x73: // s SETITEM
        this.setItems(this.popMany(2));
        return;
      case 0x75: // u SETITEMS
        this.setItems(this.popToMark());
        return;
      case 0x63: // c GLOBAL
        this.stack.push(this.global(this.line(), this.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        this.stack.push(this.global(String(module), String(name)));
        return;
      }
      case 0x52: // R REDUCE
      case 0x81: {
        // NEWOBJ
        const [callable, values] = this.popMany(2);
        this.stack.push(this.call(callable, values));
        return;
      }
      case 0x62: // b BUILD
        this.build();
        return;
      case 0x51: // Q BINPERSID
        this.stack.push(this.storage(this.pop()));
        return;
      default:
        throw corrupt(
          this,
          `its index uses pickle instruction 0x${opcode.toString(16)}, which torch does not write`,
        );
    }
  }

  private skip(bytes: number): number {
    this.at += bytes;
    return this.at - bytes;
  }

  private raw(length: number): Buffer {
    if (this.at + length > this.bytes.length) throw new RangeError("past the end");
    return this.bytes.subarray(this.skip(length), this.at);
  }

  private text(length: number): string {
    return this.raw(length).toString("utf8");
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new RangeError("past the end");
    const text = this.bytes.toString("utf8", this.at, end);
    this.at = end + 1;
    return text;
  }

  /** A little-endian two's complement number of any length. */
  private long(length: number): number | bigint {
    let value = 0n;
    const bytes = this.raw(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    const signed = length > 0 ? BigInt.asIntN(length * 8, value) : 0n;
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  private pop(): PickleValue {
    const item = this.stack.pop();
    if (item === undefined || item === MARK) throw corrupt(this, "its index of tensors is damaged");
    return item;
  }

  private popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private popToMark(): PickleValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw corrupt(this, "its index of tensors is damaged");
    const items = this.stack.splice(mark).slice(1);
    return items as PickleValue[];
  }

  private top(): PickleValue {
    const item = this.pop();
    this.stack.push(item);
    return item;
  }

  private recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) throw corrupt(this, "its index of tensors is damaged");
    return value;
  }

  private append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw corrupt(this, "its index of tensors is damaged");
    for (const item of items) list.push(item);
  }

  private setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw corrupt(this, "its index of tensors is damaged");
    for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  }

  private global(module: string, name: string): PickleValue {
    const found = ALLOWED_GLOBALS.get(`${module}.${name}`);
    if (found !== undefined) return found;
    if (module === "torch" && name.endsWith("Storage")) throw unsupportedStorage(this, name);
    throw forbiddenGlobal(this, `${module}.${name}`);
  }

  private call(callable: PickleValue | undefined, values: PickleValue | undefined): PickleValue {
    if (!(callable instanceof Constructor) || !Array.isArray(values))
      throw corrupt(this, "its index calls something that is no constructor");
    return callable.build(values, this);
  }

  /** The state of an opaque record is kept; that of an OrderedDict (`_metadata`) is of no use here. */
  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof OpaqueRecord) target.state = state;
  }

  /** `("storage", class, key, location, elements[, view])` */
  private storage(id: PickleValue): PickleValue {
    if (!Array.isArray(id)) throw corrupt(this, "a storage is described in a way torch does not write");
    const [tag, storageClass, key, , elements, view] = id;
    if (tag !== "storage" || !(storageClass instanceof StorageClass) || typeof elements !== "number")
      throw corrupt(this, "a storage is described in a way torch does not write");
    const start = Array.isArray(view) && typeof view[1] === "number" ? view[1] : 0;
    return new StorageReference(storageClass.dtype, String(key), elements, start);
  }
}

function corrupt(where: PickleSource, what: string) {
  return invalidCheckpoint(where.path, "corrupt", [
    `cannot be read: ${what}.`,
    "Download or copy the file again.",
  ]);
}

function unsupportedStorage(where: PickleSource, name: string) {
  return invalidCheckpoint(
    where.path,
    "unsupported-dtype",
    [
      `holds tensors of torch.${name}, which is not supported.`,
      `Supported: ${Object.keys(STORAGES).join(", ")}.`,
      "Convert them in Python, for example with tensor.float(), and save again.",
    ],
    [name],
  );
}

function forbiddenGlobal(where: PickleSource, name: string) {
  return invalidCheckpoint(
    where.path,
    "forbidden-global",
    [
      `names the Python object "${name}", which is not on the list of harmless ones.`,
      "A pickle can run any program, so only tensors and plain containers are read. Nothing in the file was executed.",
      "If you trust its origin, save just the weights in Python with torch.save(model.state_dict(), ...) or as safetensors.",
    ],
    [name],
  );
}
