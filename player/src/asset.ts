// The asset as it lies in the page: a JSON manifest and one deflated block of quantised arrays.

export interface ArrayEntry {
  type: "uint8" | "uint16";
  offset: number;
  length: number;
  min: number;
  max: number;
}

export interface ClipEntry {
  /** First Gaussian and number of Gaussians. */
  first: number;
  count: number;
  /** First control node and number of nodes. */
  firstNode: number;
  nodes: number;
  /** First row of this clip in the pose arrays, one row per time, `nodes` entries each. */
  firstPose: number;
  times: number[];
  keyframe: number;
  fadeIn: [number, number];
  fadeOut: [number, number];
}

export interface Manifest {
  format: number;
  title: string;
  frames: number;
  fps: number;
  width: number;
  height: number;
  /** Degrees along the longer image side. */
  fov: number;
  gaussians: number;
  clips: ClipEntry[];
  arrays: Record<ArrayName, ArrayEntry>;
  /** Data URLs of the two input pictures, straight alpha, or null. */
  endpoints: [string, string] | null;
  /** Left, top, right, bottom of the object over both input pictures, as shares of width and height. */
  bounds: [number, number, number, number];
  about: [string, string][];
}

export type ArrayName =
  | "means"
  | "quats"
  | "logScales"
  | "opacities"
  | "colors"
  | "skinIndices"
  | "skinWeights"
  | "rest"
  | "poseQuats"
  | "poseTranslations";

export interface Asset {
  manifest: Manifest;
  arrays: Record<ArrayName, Float32Array>;
}

const FORMAT = 1;

export async function readAsset(): Promise<Asset> {
  const manifest = JSON.parse(textOf("tween4d-manifest")) as Manifest;
  if (manifest.format !== FORMAT) {
    throw new Error(`This page holds asset format ${manifest.format}; its player reads format ${FORMAT}.`);
  }
  const bytes = await inflate(bytesFromBase64(textOf("tween4d-data")));
  const arrays = {} as Record<ArrayName, Float32Array>;
  for (const [name, entry] of Object.entries(manifest.arrays)) {
    arrays[name as ArrayName] = dequantise(bytes, entry);
  }
  return { manifest, arrays };
}

function textOf(id: string): string {
  const element = document.getElementById(id);
  if (!element?.textContent) {
    throw new Error("This page is incomplete: its asset data is missing. Export it again.");
  }
  return element.textContent;
}

function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return bytes;
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

function dequantise(bytes: ArrayBuffer, entry: ArrayEntry): Float32Array {
  const wide = entry.type === "uint16";
  const levels = wide
    ? new Uint16Array(bytes, entry.offset, entry.length)
    : new Uint8Array(bytes, entry.offset, entry.length);
  const step = (entry.max - entry.min) / (wide ? 65535 : 255);
  const values = new Float32Array(entry.length);
  for (let i = 0; i < entry.length; i++) {
    values[i] = entry.min + step * levels[i];
  }
  return values;
}
