/** A small writer of torch files, to make good and bad ones without PyTorch. */

/** Appends pickle instructions (protocol 2). */
export class PickleWriter {
  private readonly parts: Buffer[] = [Buffer.from([0x80, 2])];

  private put(...bytes: (number | Buffer)[]): this {
    for (const b of bytes) this.parts.push(typeof b === "number" ? Buffer.from([b]) : b);
    return this;
  }
  text(value: string): this {
    const bytes = Buffer.from(value);
    return this.put(0x58, uint32(bytes.length), bytes);
  }
  int(value: number): this {
    return this.put(0x4a, int32(value));
  }
  false(): this {
    return this.put(0x89);
  }
  global(module: string, name: string): this {
    return this.put(0x63, Buffer.from(`${module}\n${name}\n`));
  }
  tuple(fill: (p: this) => void): this {
    this.put(0x28);
    fill(this);
    return this.put(0x74);
  }
  dict(fill: (p: this) => void): this {
    this.put(0x7d, 0x28);
    fill(this);
    return this.put(0x75);
  }
  list(fill: (p: this) => void): this {
    this.put(0x5d, 0x28);
    fill(this);
    return this.put(0x65);
  }
  reduce(): this {
    return this.put(0x52);
  }
  persistentId(): this {
    return this.put(0x51);
  }
  finish(): Buffer {
    return Buffer.concat([...this.parts, Buffer.from([0x2e])]);
  }
}

export function pickle(write: (p: PickleWriter) => void): Buffer {
  const p = new PickleWriter();
  write(p);
  return p.finish();
}

export interface TestTensor {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Entries of a ZIP checkpoint that holds a dictionary of float32 tensors, alone or under a key beside a number. */
export function float32Storage(
  tensors: Readonly<Record<string, TestTensor>>,
  wrapper?: string,
): Record<string, Buffer> {
  const entries: Record<string, Buffer> = {
    "archive/data.pkl":
      wrapper === undefined
        ? stateDict(tensors, false)
        : pickle((p) => p.dict((d) => namedTensors(d.text("epoch").int(3).text(wrapper), tensors, false))),
    "archive/version": Buffer.from("3\n"),
  };
  Object.values(tensors).forEach(({ values }, i) => {
    entries[`archive/data/${i}`] = floats(values);
  });
  return entries;
}

/** A tensor [2^20, 2^20] over one value, by strides of zero. */
export function bigShape(): Record<string, Buffer> {
  return {
    "archive/data.pkl": pickle((p) =>
      p.dict((d) => tensor(d.text("w"), 0, [2 ** 20, 2 ** 20], [0, 0], 1, false)),
    ),
    "archive/data/0": floats([1]),
  };
}

/** The legacy form: five pickles, then the storages. */
export function legacyFile(tensors: Readonly<Record<string, TestTensor>>): Buffer {
  const keys = Object.keys(tensors).map((_, i) => String(i));
  return Buffer.concat([
    Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex"),
    pickle((p) => p.int(1001)),
    pickle((p) => p.dict(() => {})),
    stateDict(tensors, true),
    pickle((p) =>
      p.list((l) => {
        for (const key of keys) l.text(key);
      }),
    ),
    ...Object.values(tensors).flatMap(({ values }) => [int64(values.length), floats(values)]),
  ]);
}

function stateDict(tensors: Readonly<Record<string, TestTensor>>, legacy: boolean): Buffer {
  return pickle((p) => namedTensors(p, tensors, legacy));
}

function namedTensors(p: PickleWriter, tensors: Readonly<Record<string, TestTensor>>, legacy: boolean): void {
  p.dict((d) => {
    Object.entries(tensors).forEach(([name, { shape, values }], i) => {
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
      tensor(d.text(name), i, shape, strides, values.length, legacy);
    });
  });
}

function tensor(
  p: PickleWriter,
  key: number,
  shape: readonly number[],
  strides: readonly number[],
  elements: number,
  legacy: boolean,
): void {
  const ints = (values: readonly number[]) => (t: PickleWriter) => {
    for (const v of values) t.int(v);
  };
  p.global("torch._utils", "_rebuild_tensor_v2")
    .tuple((t) =>
      t
        .tuple((id) => {
          id.text("storage").global("torch", "FloatStorage").text(String(key)).text("cpu").int(elements);
          if (legacy) id.false();
        })
        .persistentId()
        .int(0)
        .tuple(ints(shape))
        .tuple(ints(strides))
        .false(),
    )
    .reduce();
}

/** A ZIP archive of stored entries. */
export function torchZip(entries: Readonly<Record<string, Buffer>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(entries)) {
    const nameBytes = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(nameBytes.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt32LE(data.length, 20);
    central.writeUInt32LE(data.length, 24);
    central.writeUInt16LE(nameBytes.length, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, nameBytes, data);
    directory.push(central, nameBytes);
    offset += local.length + nameBytes.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 8);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function floats(values: ArrayLike<number>): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}
function uint32(value: number): Buffer {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(value);
  return b;
}
function int32(value: number): Buffer {
  const b = Buffer.alloc(4);
  b.writeInt32LE(value);
  return b;
}
function int64(value: number): Buffer {
  const b = Buffer.alloc(8);
  b.writeBigInt64LE(BigInt(value));
  return b;
}
