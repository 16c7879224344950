// The Gaussians as one Spark mesh, moved on the GPU by the nodes they hang on.

import { dyno, ExtSplats, SplatMesh } from "@sparkjsdev/spark";
import * as THREE from "three";
import type { Asset } from "./asset";
import { NODE_STRIDE, poseNodes, presence } from "./motion";

/** Width of the per-Gaussian textures, and number of nodes in a row of the pose texture. */
const ROW = 1024;
/** Width of Spark's splat textures. */
const SPLAT_ROW = 2048;
const SH_C0 = 0.28209479177387814;

export interface MovingSplats {
  mesh: SplatMesh;
  setTime(time: number): void;
  dispose(): void;
}

/** One mesh holds the Gaussians of all clips, so that they are sorted together where clips overlap. */
export function makeSplats(asset: Asset): MovingSplats {
  const skin = skinTextures(asset);
  const poses = poseTexture(asset);
  const mesh = new SplatMesh({ extSplats: canonicalSplats(asset), enableLod: false, raycastable: false });
  mesh.objectModifiers = [skinModifier(skin, poses)];
  mesh.updateGenerator();
  let shown = "";
  return {
    mesh,
    setTime(time: number) {
      poseNodes(asset, time, poses.image.data as Float32Array);
      poses.needsUpdate = true;
      mesh.updateVersion();
      // Other clips than those last sorted: Spark keeps the old picture until the new order is there, not an empty one.
      const visible = asset.manifest.clips.map((clip) => presence(clip, time) > 0).join();
      if (visible !== shown) mesh.updateMappingVersion();
      shown = visible;
    },
    dispose() {
      mesh.dispose();
      for (const texture of [skin.indices, skin.weights, poses]) texture.dispose();
    },
  };
}

function canonicalSplats(asset: Asset): ExtSplats {
  const { means, quats, logScales, opacityLogits, harmonics } = asset.arrays;
  // Spark shows an ExtSplats only if it is given whole texture rows to begin with; they are filled before the upload.
  const capacity = Math.ceil(asset.manifest.gaussians / SPLAT_ROW) * SPLAT_ROW;
  const words = () => new Uint32Array(4 * capacity);
  const splats = new ExtSplats({ extArrays: [words(), words()], numSplats: asset.manifest.gaussians });
  const center = new THREE.Vector3();
  const scales = new THREE.Vector3();
  const quaternion = new THREE.Quaternion();
  const color = new THREE.Color();
  for (let i = 0; i < asset.manifest.gaussians; i++) {
    center.fromArray(means, 3 * i);
    scales.set(Math.exp(logScales[3 * i]), Math.exp(logScales[3 * i + 1]), Math.exp(logScales[3 * i + 2]));
    quaternion.set(quats[4 * i + 1], quats[4 * i + 2], quats[4 * i + 3], quats[4 * i]).normalize();
    color.r = 0.5 + SH_C0 * harmonics[3 * i];
    color.g = 0.5 + SH_C0 * harmonics[3 * i + 1];
    color.b = 0.5 + SH_C0 * harmonics[3 * i + 2];
    splats.setSplat(i, center, scales, quaternion, 1 / (1 + Math.exp(-opacityLogits[i])), color);
  }
  return splats;
}

interface SkinTextures {
  indices: THREE.DataTexture;
  weights: THREE.DataTexture;
}

function skinTextures(asset: Asset): SkinTextures {
  const { skinIndices, skinWeights } = asset.arrays;
  const rows = Math.ceil(asset.manifest.gaussians / ROW);
  const indices = new Float32Array(ROW * rows * 4);
  const weights = new Float32Array(ROW * rows * 4);
  for (const clip of asset.manifest.clips) {
    for (let i = 4 * clip.first; i < 4 * (clip.first + clip.count); i += 4) {
      // Quantised weights no longer sum to exactly 1.
      const sum = skinWeights[i] + skinWeights[i + 1] + skinWeights[i + 2] + skinWeights[i + 3] || 1;
      for (let k = 0; k < 4; k++) {
        indices[i + k] = Math.round(skinIndices[i + k]) + clip.firstNode;
        weights[i + k] = skinWeights[i + k] / sum;
      }
    }
  }
  return { indices: floatTexture(indices, ROW, rows), weights: floatTexture(weights, ROW, rows) };
}

function poseTexture(asset: Asset): THREE.DataTexture {
  const nodes = asset.manifest.clips.reduce((sum, clip) => sum + clip.nodes, 0);
  const rows = Math.max(1, Math.ceil(nodes / ROW));
  return floatTexture(new Float32Array(ROW * rows * NODE_STRIDE), 2 * ROW, rows);
}

function floatTexture(data: Float32Array, width: number, height: number): THREE.DataTexture {
  const texture = new THREE.DataTexture(data, width, height, THREE.RGBAFormat, THREE.FloatType);
  texture.needsUpdate = true;
  return texture;
}

/** Linear blend of the four nodes' motions for the place, sign-aligned blend of their rotations for the frame. */
function skinModifier(skin: SkinTextures, poses: THREE.DataTexture) {
  return dyno.dynoBlock({ gsplat: dyno.Gsplat }, { gsplat: dyno.Gsplat }, ({ gsplat }) => {
    const bend = new dyno.Dyno({
      inTypes: { gsplat: dyno.Gsplat, indices: "sampler2D", weights: "sampler2D", poses: "sampler2D" },
      outTypes: { gsplat: dyno.Gsplat },
      inputs: {
        gsplat,
        indices: dyno.dynoSampler2D(skin.indices),
        weights: dyno.dynoSampler2D(skin.weights),
        poses: dyno.dynoSampler2D(poses),
      },
      statements: ({ inputs, outputs }) =>
        dyno.unindentLines(`
          ${outputs.gsplat} = ${inputs.gsplat};
          int splat = ${inputs.gsplat}.index;
          ivec2 place = ivec2(splat % ${ROW}, splat / ${ROW});
          vec4 nodes = texelFetch(${inputs.indices}, place, 0);
          vec4 shares = texelFetch(${inputs.weights}, place, 0);
          vec3 moved = vec3(0.0);
          vec4 turn = vec4(0.0);
          vec4 leader = vec4(0.0);
          float visible = 0.0;
          for (int k = 0; k < 4; k++) {
            int node = int(nodes[k] + 0.5);
            ivec2 at = ivec2(2 * (node % ${ROW}), node / ${ROW});
            vec4 rotation = texelFetch(${inputs.poses}, at, 0);
            vec4 offset = texelFetch(${inputs.poses}, at + ivec2(1, 0), 0);
            if (k == 0) { leader = rotation; visible = offset.w; }
            moved += shares[k] * (quatVec(rotation, ${inputs.gsplat}.center) + offset.xyz);
            turn += (dot(rotation, leader) < 0.0 ? -shares[k] : shares[k]) * rotation;
          }
          ${outputs.gsplat}.center = moved;
          ${outputs.gsplat}.quaternion = quatQuat(normalize(turn), ${inputs.gsplat}.quaternion);
          ${outputs.gsplat}.rgba.a *= visible;
          if (visible <= 0.0) { ${outputs.gsplat}.flags = 0u; }
        `),
    });
    return { gsplat: bend.outputs.gsplat };
  });
}
