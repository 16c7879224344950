// An asset as the player holds it, read from the bytes of a `.t4d` file (docs/asset-format.md).

import { tensorsOf, unzip } from "./archive";
import { decode, type Form } from "./encodings";
import type { Repeat } from "./playback";

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
  frames: number;
  fps: number;
  /** What happens at the end unless the visitor chooses otherwise. */
  repeat: Repeat;
  width: number;
  height: number;
  /** Degrees along the longer image side. */
  fov: number;
  gaussians: number;
  clips: ClipEntry[];
  /** URLs of the two input pictures, straight alpha, or null. */
  endpoints: [string, string] | null;
  /** Left, top, right, bottom of the object over both input pictures, as shares of width and height. */
  bounds: [number, number, number, number];
  about: [string, string][];
}

const ARRAYS = {
  means: "means",
  quats: "quats",
  logScales: "log_scales",
  opacityLogits: "opacity_logits",
  harmonics: "sh",
  skinIndices: "skin_indices",
  skinWeights: "skin_weights",
  rest: "node_rest",
  poseQuats: "node_quats",
  poseTranslations: "node_translations",
} as const;
export type ArrayName = keyof typeof ARRAYS;

export interface Asset {
  manifest: Manifest;
  /** Those of all clips, one after another. Of the harmonics only the constant ones. */
  arrays: Record<ArrayName, Float32Array>;
}

const FORMAT = "tween4d-asset";
const VERSION = 2;

interface StoredClip {
  file: string;
  keyframe_time: number;
  fade_in: [number, number];
  fade_out: [number, number];
  tensors: Record<string, Form>;
}

/**
 * Reads an asset.
 *
 * @throws Error with a sentence for people when these bytes are no asset, a damaged one, or one of a newer version.
 */
export async function readAsset(bytes: Uint8Array<ArrayBuffer>): Promise<Asset> {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) throw new Error("This is not a .t4d asset.");
  const members = await unzip(bytes);
  const member = (name: string) => {
    const content = members.get(name);
    if (!content) throw new Error(`This asset is damaged or incomplete: it has no ${name}.`);
    return content;
  };
  const stored = JSON.parse(new TextDecoder().decode(member("manifest.json")));
  if (stored.format !== FORMAT) throw new Error("This is not a .t4d asset.");
  if (!(stored.version >= 1 && stored.version <= VERSION)) {
    throw new Error(`This asset has version ${stored.version}; this player reads up to ${VERSION}.`);
  }
  const clips: ClipEntry[] = [];
  const parts = {} as Record<ArrayName, Float32Array[]>;
  for (const name of Object.keys(ARRAYS) as ArrayName[]) parts[name] = [];
  const next = { first: 0, firstNode: 0, firstPose: 0 };
  for (const clip of stored.clips as StoredClip[]) {
    const tensors = tensorsOf(member(clip.file));
    const read = (name: string) => decode(tensors[name], clip.tensors[name]);
    for (const [name, key] of Object.entries(ARRAYS)) {
      const values = read(key);
      parts[name as ArrayName].push(name === "harmonics" ? constant(values, read("means").length) : values);
    }
    const times = [...read("times")];
    const count = parts.means.at(-1)!.length / 3;
    const nodes = parts.rest.at(-1)!.length / 3;
    const span = { keyframe: clip.keyframe_time, fadeIn: clip.fade_in, fadeOut: clip.fade_out };
    clips.push({ ...next, count, nodes, times, ...span });
    next.first += count;
    next.firstNode += nodes;
    next.firstPose += nodes * times.length;
  }
  const arrays = {} as Record<ArrayName, Float32Array>;
  for (const [name, list] of Object.entries(parts)) arrays[name as ArrayName] = joined(list);
  const pictures = stored.endpoints && (stored.endpoints as [string, string]).map((name) => new Blob([member(name)]));
  const { timeline, camera } = stored;
  const manifest: Manifest = {
    frames: timeline.frame_count,
    fps: timeline.fps,
    repeat: (timeline.repeat ?? "ping-pong").replace("-", "") as Repeat,
    width: camera.width,
    height: camera.height,
    fov: camera.fov_degrees,
    gaussians: next.first,
    clips,
    endpoints: pictures && pictures.map((picture: Blob) => URL.createObjectURL(picture)),
    bounds: pictures ? await boundsOf(pictures) : [0, 0, 1, 1],
    about: aboutOf(stored, next.first),
  };
  return { manifest, arrays };
}

/** Gives back what the browser holds for an asset besides its arrays. */
export function release(asset: Asset): void {
  for (const url of asset.manifest.endpoints ?? []) URL.revokeObjectURL(url);
}

function joined(parts: Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The first three of every row of harmonics; `size` is that of three numbers a row. */
function constant(harmonics: Float32Array, size: number): Float32Array {
  const width = (3 * harmonics.length) / size;
  if (width === 3) return harmonics;
  return Float32Array.from({ length: size }, (_, i) => harmonics[Math.floor(i / 3) * width + (i % 3)]);
}

/** Where the pictures are opaque. */
async function boundsOf(pictures: Blob[]): Promise<[number, number, number, number]> {
  let [left, top, right, bottom] = [1, 1, 0, 0];
  for (const picture of pictures) {
    const bitmap = await createImageBitmap(picture);
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    canvas.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = canvas.getImageData(0, 0, width, height);
    for (let i = 0; i < width * height; i++) {
      if (data[4 * i + 3] <= 127) continue;
      const [x, y] = [i % width, Math.floor(i / width)];
      left = Math.min(left, x / width);
      right = Math.max(right, (x + 1) / width);
      top = Math.min(top, y / height);
      bottom = Math.max(bottom, (y + 1) / height);
    }
  }
  return right > left ? [left, top, right, bottom] : [0, 0, 1, 1];
}

/** What a page says about the asset: counts, and the plain values of its provenance that a viewer may want. */
function aboutOf(stored: any, gaussians: number): [string, string][] {
  const { frame_count: frames, fps } = stored.timeline;
  const rows: [string, string][] = [
    ["Frames", `${frames} at ${fps} per second`],
    ["Gaussians", gaussians.toLocaleString("en")],
    ["Keyframes", `${stored.clips.length}, the dots under the time line`],
  ];
  const labels = { preset: "Preset", seed: "Seed", tween4d: "Made by tween4d" };
  for (const [key, label] of Object.entries(labels)) {
    const value = stored.provenance?.[key];
    if (typeof value === "string" || typeof value === "number") rows.push([label, String(value)]);
  }
  const priors: unknown = stored.provenance?.priors;
  if (Array.isArray(priors) && priors.length) {
    const named = priors.map((prior) => `${prior?.name ?? "?"} (${prior?.licence ?? "licence unknown"})`);
    rows.push(["Priors", named.join(", ")]);
  }
  return rows;
}
