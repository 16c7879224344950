// The PlayCanvas engine as its manual has it, with nothing of ours: shows one splat file from the input camera.
import * as pc from "playcanvas";

/** Loads a file, given as base64; returns the number of its Gaussians and the picture on white as a data URL. */
globalThis.show = async ({ content, name, upsideDown, size, fov }) => {
  const canvas = document.createElement("canvas");
  const app = new pc.Application(canvas, { graphicsDeviceOptions: { antialias: false, preserveDrawingBuffer: true } });
  app.setCanvasFillMode(pc.FILLMODE_NONE, size, size);
  app.setCanvasResolution(pc.RESOLUTION_FIXED, size, size);
  app.start();
  const camera = new pc.Entity();
  camera.addComponent("camera", { clearColor: new pc.Color(1, 1, 1), fov, nearClip: 0.05, farClip: 20 });
  camera.setPosition(0, 0, 2);
  app.root.addChild(camera);
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const inside = name.endsWith(".glb");
  const url = URL.createObjectURL(new Blob([bytes]));
  const asset = new pc.Asset(name, inside ? "container" : "gsplat", { url, filename: name });
  app.assets.add(asset);
  await new Promise((resolve, reject) => {
    asset.ready(resolve);
    asset.once("error", (error) => reject(new Error(String(error))));
    app.assets.load(asset);
  });
  const entity = inside ? asset.resource.instantiateRenderEntity() : new pc.Entity();
  if (!inside) entity.addComponent("gsplat", { asset });
  if (upsideDown) entity.setLocalEulerAngles(180, 0, 0);
  app.root.addChild(entity);
  const [splats] = entity.findComponents("gsplat");
  const count = splats.resource.numSplats;
  // It sorts in a worker and shows the order in a later frame.
  await new Promise((resolve) => setTimeout(resolve, 600));
  app.render();
  const picture = canvas.toDataURL("image/png");
  app.destroy();
  return { picture, count };
};
