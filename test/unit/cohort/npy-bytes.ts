/** Write the bytes of a `.npy` file, as NumPy's format description (NEP 1) has them. */
export function npy(
  descr: string,
  shape: readonly number[],
  values: readonly number[],
  options: { fortran?: boolean; version?: 1 | 2 } = {},
): Buffer {
  const { fortran = false, version = 1 } = options;
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${tuple}), }`;
  const lengthBytes = version === 1 ? 2 : 4;
  const padding = 64 - ((6 + 2 + lengthBytes + dictionary.length + 1) % 64);
  const header = `${dictionary}${" ".repeat(padding)}\n`;
  const length = Buffer.alloc(lengthBytes);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY", "latin1"),
    Buffer.from([version, 0]),
    length,
    Buffer.from(header, "latin1"),
    ...values.map((value) => elementBytes(descr, value)),
  ]);
}

function elementBytes(descr: string, value: number): Buffer {
  const size = Number(descr.slice(2));
  const bytes = Buffer.alloc(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const little = descr[0] !== ">";
  const kind = descr[1];
  if (kind === "f" && size === 8) view.setFloat64(0, value, little);
  else if (kind === "f" && size === 4) view.setFloat32(0, value, little);
  else if (size === 8) view.setBigInt64(0, BigInt(value), little);
  else if (size === 4) view.setInt32(0, value, little);
  else if (size === 2)
    view.setUint16(0, value, little); // also the bits of a half
  else view.setUint8(0, value);
  return bytes;
}
