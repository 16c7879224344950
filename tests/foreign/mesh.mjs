// three.js as its manual has it, with nothing of ours: loads a GLB, plays an animation, shows it from the file's camera.
import * as THREE from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";

/** Loads a file, given as base64; returns its pictures on white at increasing seconds of an animation, as data URLs. */
globalThis.show = async ({ content, animation, seconds, size }) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const file = await new GLTFLoader().parseAsync(bytes.buffer, "");
  const canvas = document.createElement("canvas");
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(size, size, false);
  renderer.setClearColor(0xffffff, 1);
  // A light, as any scene has one; the material must not care.
  file.scene.add(new THREE.DirectionalLight(0xff8800, 2));
  const mixer = new THREE.AnimationMixer(file.scene);
  const action = mixer.clipAction(THREE.AnimationClip.findByName(file.animations, animation));
  action.setLoop(THREE.LoopOnce).clampWhenFinished = true;
  action.play();
  const pictures = seconds.map((second) => {
    mixer.setTime(second);
    renderer.render(file.scene, file.cameras[0]);
    return canvas.toDataURL("image/png");
  });
  const joints = [];
  file.scene.traverse((one) => one.isSkinnedMesh && joints.push(one.skeleton.bones.length));
  renderer.dispose();
  return { pictures, animations: file.animations.map((one) => one.name), joints };
};
