// Files of weights to read: tensors of a vision transformer's sizes, in the formats of PyTorch and safetensors.
import { mkdtempSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";

const require = createRequire(import.meta.url);
const { writeSafetensors } = require("../dist/model");

/** Matrices of 768 x 768 until there are `megabytes`. Returns the folder and the file. */
export async function writeWeights({ format, megabytes }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "oscc-weights-"));
  const side = 768;
  const count = Math.ceil((megabytes * 1e6) / (4 * side * side));
  const data = Float32Array.from({ length: side * side }, (_, i) => Math.sin(i));
  const names = Array.from({ length: count }, (_, i) => `blocks.${i}.weight`);
  const file = path.join(folder, format === "safetensors" ? "weights.safetensors" : "weights.pth");
  if (format === "safetensors")
    await writeSafetensors(
      file,
      Object.fromEntries(names.map((name) => [name, { shape: [side, side], data }])),
    );
  else await writeFile(file, torchFile(names, side, Buffer.from(data.buffer)));
  return { folder, file };
}

/** What `torch.save` writes of a dictionary of square matrices. */
function torchFile(names, side, bytes) {
  const entries = { "archive/data.pkl": stateDict(names, side), "archive/version": Buffer.from("3\n") };
  names.forEach((_, i) => {
    entries[`archive/data/${i}`] = bytes;
  });
  return storedZip(entries);
}

function stateDict(names, side) {
  const text = (value) => Buffer.concat([Buffer.from([0x58]), uint32(value.length), Buffer.from(value)]);
  const int = (value) => Buffer.concat([Buffer.from([0x4a]), uint32(value)]);
  const global = (module, name) => Buffer.from(`c${module}\n${name}\n`);
  const tuple = (...items) => Buffer.concat([Buffer.from("("), ...items, Buffer.from("t")]);
  const no = Buffer.from([0x89]);
  const tensors = names.map((name, i) =>
    Buffer.concat([
      text(name),
      global("torch._utils", "_rebuild_tensor_v2"),
      tuple(
        tuple(text("storage"), global("torch", "FloatStorage"), text(`${i}`), text("cpu"), int(side * side)),
        Buffer.from("Q"),
        int(0),
        tuple(int(side), int(side)),
        tuple(int(side), int(1)),
        no,
        Buffer.concat([global("collections", "OrderedDict"), Buffer.from(")R")]),
      ),
      Buffer.from("R"),
    ]),
  );
  return Buffer.concat([Buffer.from([0x80, 2]), Buffer.from("}("), ...tensors, Buffer.from("u.")]);
}

/** A ZIP archive of stored entries. */
function storedZip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, data] of Object.entries(entries)) {
    const local = Buffer.alloc(30);
    const central = Buffer.alloc(46);
    local.writeUInt32LE(0x04034b50, 0);
    central.writeUInt32LE(0x02014b50, 0);
    const sum = crc32(data);
    for (const [header, at] of [
      [local, 14],
      [central, 16],
    ]) {
      header.writeUInt32LE(sum, at);
      header.writeUInt32LE(data.length, at + 4);
      header.writeUInt32LE(data.length, at + 8);
      header.writeUInt16LE(name.length, at + 12);
    }
    central.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), data);
    directory.push(central, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function uint32(value) {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(value);
  return b;
}
