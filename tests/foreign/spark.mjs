// A page of Spark as its makers' examples have it, with nothing of ours: shows one file from the input camera.
import { SparkRenderer, SplatMesh } from "@sparkjsdev/spark";
import * as THREE from "three";

/** Loads a file, given as base64, and returns the picture on white as a data URL. */
globalThis.show = async ({ content, name, upsideDown, size, fov }) => {
  const canvas = document.createElement("canvas");
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: false, preserveDrawingBuffer: true });
  renderer.setSize(size, size, false);
  renderer.setClearColor(0xffffff, 1);
  const scene = new THREE.Scene();
  const spark = new SparkRenderer({ renderer });
  const fileBytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const mesh = new SplatMesh({ fileBytes, fileName: name });
  if (upsideDown) mesh.quaternion.set(1, 0, 0, 0);
  scene.add(spark, mesh);
  const camera = new THREE.PerspectiveCamera(fov, 1, 0.05, 20);
  camera.position.set(0, 0, 2);
  await mesh.initialized;
  const count = mesh.numSplats;
  // It sorts in a worker and shows the order in a later frame.
  for (let frame = 0; frame < 12; frame++) {
    renderer.render(scene, camera);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const picture = canvas.toDataURL("image/png");
  mesh.dispose();
  renderer.dispose();
  return { picture, count };
};
