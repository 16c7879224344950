// Where the control nodes of every clip are at a time. The few hundred nodes are posed here; the many Gaussians
// that hang on them are moved by the GPU (splats.ts).

import type { Asset, ClipEntry } from "./asset";

/** Floats per node in a pose table: rotation xyzw, then offset xyz and the clip's presence. */
export const NODE_STRIDE = 8;

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

function locate(times: number[], time: number): { row: number; fraction: number } {
  const last = times.length - 1;
  if (time <= times[0]) return { row: 0, fraction: 0 };
  if (time >= times[last]) return { row: last, fraction: 0 };
  let row = 0;
  while (times[row + 1] <= time) row++;
  return { row, fraction: (time - times[row]) / (times[row + 1] - times[row]) };
}
