// Where the control nodes of every clip are at a time. The few hundred nodes are posed here; the many Gaussians
// that hang on them are moved by the GPU (splats.ts).

import type { Asset, ClipEntry } from "./asset";

/** Floats per node in a pose table: rotation xyzw, then offset xyz and the clip's presence. */
export const NODE_STRIDE = 8;

/** Moments, and Gaussians of a clip at each, that tell how much room the motion takes. */
const REACH_TIMES = 17;
const REACH_GAUSSIANS = 400;

/** Factor in [0, 1] on the opacity of a clip. */
export function presence(clip: ClipEntry, time: number): number {
  const [in0, in1] = clip.fadeIn;
  const [out0, out1] = clip.fadeOut;
  const rise = time >= in1 ? 1 : time <= in0 ? 0 : (time - in0) / (in1 - in0);
  const fall = time <= out0 ? 1 : time >= out1 ? 0 : (out1 - time) / (out1 - out0);
  return Math.min(rise, fall);
}

/**
 * Writes the pose of all nodes at a time. A node carries a rest point x to R x + offset, offset = p + d - R p:
 * the rotation about its own rest position p followed by its displacement d.
 */
export function poseNodes(asset: Asset, time: number, table: Float32Array): void {
  const { rest, poseQuats, poseTranslations } = asset.arrays;
  for (const clip of asset.manifest.clips) {
    const visible = presence(clip, time);
    const { row, fraction } = locate(clip.times, time);
    const next = Math.min(row + 1, clip.times.length - 1);
    for (let k = 0; k < clip.nodes; k++) {
      const a = clip.firstPose + row * clip.nodes + k;
      const b = clip.firstPose + next * clip.nodes + k;
      const mix = (values: Float32Array, width: number, lane: number) =>
        (1 - fraction) * values[a * width + lane] + fraction * values[b * width + lane];

      let w = mix(poseQuats, 4, 0);
      let x = mix(poseQuats, 4, 1);
      let y = mix(poseQuats, 4, 2);
      let z = mix(poseQuats, 4, 3);
      const norm = Math.hypot(w, x, y, z) || 1;
      w /= norm;
      x /= norm;
      y /= norm;
      z /= norm;

      const node = clip.firstNode + k;
      const px = rest[node * 3];
      const py = rest[node * 3 + 1];
      const pz = rest[node * 3 + 2];
      // R p = p + 2 u x (u x p + w p) with u the vector part.
      const cx = y * pz - z * py + w * px;
      const cy = z * px - x * pz + w * py;
      const cz = x * py - y * px + w * pz;
      const turnX = 2 * (y * cz - z * cy);
      const turnY = 2 * (z * cx - x * cz);
      const turnZ = 2 * (x * cy - y * cx);

      const at = node * NODE_STRIDE;
      table[at] = x;
      table[at + 1] = y;
      table[at + 2] = z;
      table[at + 3] = w;
      table[at + 4] = mix(poseTranslations, 3, 0) - turnX;
      table[at + 5] = mix(poseTranslations, 3, 1) - turnY;
      table[at + 6] = mix(poseTranslations, 3, 2) - turnZ;
      table[at + 7] = visible;
    }
  }
}

/**
 * How far nearly all of the object gets from the middle of the input picture while it moves, sideways and up or down,
 * in halves of the picture's longer side.
 */
export function reachOf(asset: Asset, distance: number): [number, number] {
  const { arrays, manifest } = asset;
  const focal = 1 / Math.tan((manifest.fov * Math.PI) / 360);
  const table = new Float32Array((arrays.rest.length / 3) * NODE_STRIDE);
  const farthest: [number, number] = [0, 0];
  for (let i = 0; i < REACH_TIMES; i++) {
    poseNodes(asset, i / (REACH_TIMES - 1), table);
    const [across, up]: [number[], number[]] = [[], []];
    for (const clip of manifest.clips) {
      if (table[clip.firstNode * NODE_STRIDE + 7] < 0.5) continue;
      const step = Math.max(1, Math.floor(clip.count / REACH_GAUSSIANS));
      for (let g = clip.first; g < clip.first + clip.count; g += step) {
        if (arrays.opacityLogits[g] < 0) continue;
        const [x, y, z] = carried(asset, clip, g, table);
        across.push((Math.abs(x) * focal) / (distance - z));
        up.push((Math.abs(y) * focal) / (distance - z));
      }
    }
    [across, up].forEach((all, axis) => {
      all.sort((a, b) => a - b);
      farthest[axis] = Math.max(farthest[axis], all[Math.floor(0.995 * all.length)] ?? 0);
    });
  }
  return farthest;
}

/** Where the node that holds most of a Gaussian carries its centre. */
function carried(asset: Asset, clip: ClipEntry, g: number, table: Float32Array): [number, number, number] {
  const { means, skinIndices, skinWeights } = asset.arrays;
  let most = 4 * g;
  for (let k = 4 * g; k < 4 * g + 4; k++) if (skinWeights[k] > skinWeights[most]) most = k;
  const at = (clip.firstNode + skinIndices[most]) * NODE_STRIDE;
  const [x, y, z, w] = table.subarray(at, at + 4);
  const [px, py, pz] = means.subarray(3 * g, 3 * g + 3);
  const [cx, cy, cz] = [y * pz - z * py + w * px, z * px - x * pz + w * py, x * py - y * px + w * pz];
  return [
    px + 2 * (y * cz - z * cy) + table[at + 4],
    py + 2 * (z * cx - x * cz) + table[at + 5],
    pz + 2 * (x * cy - y * cx) + table[at + 6],
  ];
}

function locate(times: number[], time: number): { row: number; fraction: number } {
  const last = times.length - 1;
  if (time <= times[0]) return { row: 0, fraction: 0 };
  if (time >= times[last]) return { row: last, fraction: 0 };
  let row = 0;
  while (times[row + 1] <= time) row++;
  return { row, fraction: (time - times[row]) / (times[row + 1] - times[row]) };
}
