/** Files written by `torch.save`: the ZIP form (torch 1.6 and later) and the legacy form. */
import {
  CHECKPOINT_DTYPES,
  type Checkpoint,
  type CheckpointData,
  type CheckpointTensor,
  decode,
  invalidCheckpoint,
  sizeOf,
} from "./checkpoint";
import { type PickleValue, readPickle, StorageReference, TensorReference } from "./pickle";
import { readStoredZip } from "./zip";

/** The first pickle of a legacy file: protocol 2, LONG1 of ten bytes, 0x1950a86a20f9469cfc6c. */
export const LEGACY_MAGIC = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");

/** Where torch and the public training scripts put a state dict inside a larger dictionary, best first. */
const WRAPPERS = [
  "teacher",
  "model",
  "state_dict",
  "model_state_dict",
  "ema",
  "student",
  "net",
  "params",
] as const;

/** More elements than any tensor has: a hostile file could claim them by a stride of zero. */
const MOST_ELEMENTS = 2 ** 31;

type Storages = (storage: StorageReference) => Uint8Array;

/** Read the ZIP form. */
export function readTorchZip(path: string, file: Buffer, key?: string): Checkpoint {
  const entries = readStoredZip(path, file);
  const index = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (index === undefined)
    throw invalidCheckpoint(path, "unknown-format", [
      "is a ZIP archive without data.pkl, so not a torch checkpoint.",
      "Expected a file written by torch.save.",
    ]);
  const folder = index.slice(0, -"data.pkl".length);
  if (entries.get(`${folder}byteorder`)?.toString() === "big")
    throw invalidCheckpoint(path, "unsupported-dtype", [
      "was written on a big-endian machine, which is not supported.",
    ]);
  const { value } = readPickle(path, entries.get(index)!);
  const storages: Storages = (storage) => {
    const bytes = entries.get(`${folder}data/${storage.key}`);
    if (!bytes) throw corrupt(path, `its storage ${storage.key} is missing`);
    return bytes;
  };
  return checkpoint(path, "torch-zip", value, storages, key);
}

/** Read the legacy form: five pickles, then the storages in the order of the last one. */
export function readTorchLegacy(path: string, file: Buffer, key?: string): Checkpoint {
  const protocol = readPickle(path, file, LEGACY_MAGIC.length);
  const system = readPickle(path, file, protocol.end);
  const object = readPickle(path, file, system.end);
  const keys = readPickle(path, file, object.end);
  if (system.value instanceof Map && system.value.get("little_endian") === false)
    throw invalidCheckpoint(path, "unsupported-dtype", [
      "was written on a big-endian machine, which is not supported.",
    ]);
  if (!Array.isArray(keys.value)) throw corrupt(path, "its list of storages is damaged");
  const bytesOf = storageTable(path, file, keys.value.map(String), keys.end, dtypesOf(object.value));
  const storages: Storages = (storage) => {
    const bytes = bytesOf.get(storage.key);
    if (!bytes) throw corrupt(path, `its storage ${storage.key} is missing`);
    return bytes;
  };
  return checkpoint(path, "torch-legacy", object.value, storages, key);
}

/** Each storage of a legacy file: an int64 element count, then the elements. */
function storageTable(
  path: string,
  file: Buffer,
  keys: readonly string[],
  start: number,
  elementBytes: ReadonlyMap<string, number>,
): Map<string, Uint8Array> {
  const table = new Map<string, Uint8Array>();
  let at = start;
  for (const key of keys) {
    if (at + 8 > file.length) throw truncated(path, key);
    const bytes = Number(file.readBigInt64LE(at)) * (elementBytes.get(key) ?? 1);
    at += 8;
    if (bytes < 0 || at + bytes > file.length) throw truncated(path, key);
    table.set(key, file.subarray(at, at + bytes));
    at += bytes;
  }
  return table;
}

/** Element size of each storage that a pickled value refers to. */
function dtypesOf(value: PickleValue): Map<string, number> {
  const sizes = new Map<string, number>();
  const visited = new Set<PickleValue>();
  const visit = (item: PickleValue): void => {
    if (item instanceof TensorReference) visit(item.storage);
    else if (item instanceof StorageReference) sizes.set(item.key, CHECKPOINT_DTYPES[item.dtype].bytes);
    else if ((Array.isArray(item) || item instanceof Map) && !visited.has(item)) {
      visited.add(item);
      for (const child of item.values()) visit(child);
    }
  };
  visit(value);
  return sizes;
}

function checkpoint(
  path: string,
  format: Checkpoint["format"],
  value: PickleValue,
  storages: Storages,
  key: string | undefined,
): Checkpoint {
  const { dict, wrappers } = findStateDict(path, value, key);
  const tensors: Record<string, CheckpointTensor> = {};
  for (const [name, item] of dict)
    if (item instanceof TensorReference)
      tensors[String(name)] = materialise(path, String(name), item, storages);
  return { path, format, tensors, wrappers, metadata: {} };
}

/** The dictionary that holds tensors directly, opening the usual wrappers, or the one asked for by `key`. */
function findStateDict(path: string, value: PickleValue, key: string | undefined) {
  const wrappers: string[] = [];
  let dict = value;
  for (let depth = 0; depth < 4 && dict instanceof Map; depth++) {
    const holdsTensors = [...dict.values()].some((item) => item instanceof TensorReference);
    if (holdsTensors && (key === undefined || wrappers.length > 0)) return { dict, wrappers };
    const names = [...dict.keys()].map(String);
    const wanted = key !== undefined && wrappers.length === 0 ? [key] : WRAPPERS;
    const inner: string | undefined = wanted.find(
      (name) => dict instanceof Map && dict.get(name) instanceof Map,
    );
    if (inner === undefined) throw noStateDict(path, names);
    wrappers.push(inner);
    dict = dict.get(inner)!;
  }
  if (dict instanceof TensorReference) return { dict: new Map([["tensor", dict]]), wrappers };
  throw noStateDict(path, []);
}

/** Copy a strided view out of its storage; a contiguous one is only a window on the file. */
function materialise(
  path: string,
  name: string,
  tensor: TensorReference,
  storages: Storages,
): CheckpointTensor {
  const { storage, shape, strides } = tensor;
  const bytes = storages(storage);
  const elements = sizeOf(shape);
  const offset = storage.start + tensor.offset;
  const last = shape.reduce((index, n, axis) => index + (n - 1) * (strides[axis] ?? 0), offset);
  const available = Math.floor(bytes.length / CHECKPOINT_DTYPES[storage.dtype].bytes);
  if (strides.length !== shape.length || elements > MOST_ELEMENTS)
    throw corrupt(path, `tensor "${name}" has an impossible shape [${shape.join(", ")}]`, [name]);
  if (elements > 0 && last >= available)
    throw invalidCheckpoint(
      path,
      "truncated",
      [
        `holds ${available} values for tensor "${name}", which reaches up to value ${last + 1}.`,
        "Download or copy the file again and compare its size.",
      ],
      [name],
    );
  if (isContiguous(shape, strides)) {
    const at = offset * CHECKPOINT_DTYPES[storage.dtype].bytes;
    return { dtype: storage.dtype, shape, data: decode(bytes, at, elements, storage.dtype) };
  }
  const whole = decode(bytes, 0, available, storage.dtype);
  return { dtype: storage.dtype, shape, data: gather(whole, offset, shape, strides) };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function gather(
  source: CheckpointData,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): CheckpointData {
  const elements = sizeOf(shape);
  const target = source.slice(0, 0).constructor as new (length: number) => CheckpointData;
  const out = new target(elements);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < elements; i++) {
    out[i] = source[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function corrupt(path: string, what: string, names?: readonly string[]) {
  return invalidCheckpoint(
    path,
    "corrupt",
    [`cannot be read: ${what}.`, "Download or copy the file again."],
    names,
  );
}

function truncated(path: string, storage: string) {
  return invalidCheckpoint(path, "truncated", [
    `ends inside storage ${storage}.`,
    "Download or copy the file again and compare its size.",
  ]);
}

function noStateDict(path: string, names: readonly string[]) {
  return invalidCheckpoint(
    path,
    "names",
    [
      "holds no dictionary of tensors where one is expected.",
      ...(names.length > 0 ? [`Its keys: ${names.slice(0, 24).join(", ")}.`] : []),
      'Name the key that holds the weights: readCheckpoint(path, { key: "..." }).',
    ],
    names,
  );
}
