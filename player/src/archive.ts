// Zip archives and safetensors files, as far as assets need them; a browser inflates, nothing else is bundled.

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_MEMBERS = 256;
const DAMAGED = "This asset is damaged or incomplete. Export it again, or copy it again.";

export interface Tensor {
  kind: "U8" | "I8" | "U16" | "I16" | "I32" | "F32";
  shape: number[];
  values: ArrayLike<number>;
}

/** The unpacked members of a zip archive by name. */
export async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    let end = bytes.byteLength - 22;
    while (end >= 0 && view.getUint32(end, true) !== END) end--;
    const count = view.getUint16(end + 10, true);
    let at = view.getUint32(end + 16, true);
    let total = 0;
    const members: Promise<[string, Uint8Array<ArrayBuffer>]>[] = [];
    for (let i = 0; i < count; i++) {
      const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
      const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
      const local = view.getUint32(at + 42, true);
      total += size;
      if (view.getUint32(at, true) !== ENTRY || view.getUint32(local, true) !== LOCAL) throw new Error(DAMAGED);
      if (total > MOST_BYTES || count > MOST_MEMBERS) throw new Error("This asset is too large to be one.");
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const title = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
      const method = view.getUint16(at + 10, true);
      members.push(unpack(bytes.subarray(start, start + packed), method, size).then((content) => [title, content]));
      at += 46 + name + extra + comment;
    }
    return new Map(await Promise.all(members));
  } catch (error) {
    // A place outside the file: RangeError. A stream that is cut off: TypeError.
    if (error instanceof RangeError || error instanceof TypeError) throw new Error(DAMAGED);
    throw error;
  }
}

async function unpack(
  packed: Uint8Array<ArrayBuffer>,
  method: number,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (method !== STORED && method !== DEFLATED) throw new Error(DAMAGED);
  const content = method === STORED ? packed.slice() : await inflated(packed, "deflate-raw");
  if (content.byteLength !== size) throw new Error(DAMAGED);
  return content;
}

export async function inflated(
  packed: Uint8Array<ArrayBuffer>,
  format: CompressionFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The tensors of a safetensors file by name. */
export function tensorsOf(content: Uint8Array<ArrayBuffer>): Record<string, Tensor> {
  const length = Number(new DataView(content.buffer, content.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(content.subarray(8, 8 + length)));
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries<{ dtype: Tensor["kind"]; shape: number[]; data_offsets: number[] }>(header)) {
    if (name === "__metadata__") continue;
    // A copy, for the place of a tensor in the file need not be a multiple of its numbers' size.
    const [from, to] = entry.data_offsets;
    const { buffer } = content.slice(8 + length + from, 8 + length + to);
    const values = new KINDS[entry.dtype](buffer);
    if (values.length !== entry.shape.reduce((a, b) => a * b, 1)) throw new Error(DAMAGED);
    tensors[name] = { kind: entry.dtype, shape: entry.shape, values };
  }
  return tensors;
}

const KINDS = {
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  I32: Int32Array,
  F32: Float32Array,
};
