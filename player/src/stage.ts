// What the camera sees: canvas, orbit and the drawing loop. Draws only when something changed.

import { SparkRenderer } from "@sparkjsdev/spark";
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import type { Asset } from "./asset";
import { reachOf } from "./motion";
import { type MovingSplats, makeSplats } from "./splats";

const DISTANCE = 2;
/** Share of the canvas that the object may fill at the ends of its motion, and in between; its turning not counted. */
const FILL = 0.8;
const FILL_MOVING = 0.9;
/** How much larger than the canvas the input picture's frame may become to bring the object closer. */
const CLOSEST = 1.4;
const MAX_PIXEL_RATIO = 2;
/** Our renderer's conventions: the variance that fitting adds to every Gaussian, in squared pixels of the input
 * camera, the distance below which it grows no further, and the least opacity that is drawn. */
const FITTED_BLUR = 0.3;
const NEAREST = 0.5;
const LEAST_ALPHA = 1 / 255;

export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

export class Stage {
  readonly renderer: THREE.WebGLRenderer;
  readonly camera = new THREE.PerspectiveCamera(30, 1, 0.05, 20);
  readonly controls: OrbitControls;
  private readonly scene = new THREE.Scene();
  private readonly spark: SparkRenderer;
  private readonly splats: MovingSplats;
  private readonly reach: [number, number];
  private readonly moved: (() => void)[] = [];
  private dirty = true;
  private busy = false;
  private flight: { from: THREE.Spherical; to: THREE.Spherical; target: THREE.Vector3; age: number } | null = null;
  private width = 1;
  private height = 1;

  constructor(
    private readonly asset: Asset,
    private readonly canvas: HTMLCanvasElement,
    private readonly still: () => boolean,
  ) {
    // Drawn only on change: the buffer must last until then, else saving or printing the page shows an empty sheet.
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: false, alpha: true, preserveDrawingBuffer: true });
    this.renderer.setClearColor(0x000000, 0);
    this.spark = new SparkRenderer({
      renderer: this.renderer,
      accumExtSplats: true,
      enableLod: false,
      sortRadial: false,
      blurAmount: 0,
      minAlpha: LEAST_ALPHA,
      maxStdDev: Math.sqrt(-2 * Math.log(LEAST_ALPHA)),
      maxPixelRadius: 2048,
      onDirty: () => this.invalidate(),
    });
    this.scene.add(this.spark);
    this.splats = makeSplats(asset);
    this.scene.add(this.splats.mesh);
    this.splats.setTime(0);
    this.reach = reachOf(asset, DISTANCE);

    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = !still();
    this.controls.dampingFactor = 0.12;
    this.controls.rotateSpeed = 0.8;
    this.controls.minDistance = 0.6;
    this.controls.maxDistance = 6;
    this.controls.addEventListener("change", () => this.viewChanged());
    this.controls.addEventListener("start", () => {
      this.flight = null;
    });
    this.setOrbit(0, 0);
  }

  /** Resolves when the Gaussians are on the GPU and sorted for the present view. */
  async ready(): Promise<void> {
    await this.splats.mesh.initialized;
    await this.settle();
    // Spark drops an order that comes before the first one was drawn.
    this.draw();
  }

  onMove(listener: () => void): void {
    this.moved.push(listener);
  }

  setTime(time: number): void {
    this.splats.setTime(time);
    this.invalidate();
  }

  private invalidate(): void {
    this.dirty = true;
  }

  /** Fits the canvas to its element. */
  resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    this.width = clientWidth;
    this.height = clientHeight;
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, MAX_PIXEL_RATIO));
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.lens(clientWidth, clientHeight, this.frame());
    this.draw();
  }

  /** Where the input picture lies on the canvas, in CSS pixels, when seen from the input camera. */
  frame(): Frame {
    const { width: w, height: h } = this.asset.manifest;
    const [left, top, right, bottom] = this.asset.manifest.bounds;
    // The view turns about the middle of the picture, so the object's reach is measured from there.
    const reachX = 2 * Math.max(0.5 - left, right - 0.5, 0.05) * w;
    const reachY = 2 * Math.max(0.5 - top, bottom - 0.5, 0.05) * h;
    const whole = Math.min(this.width / w, this.height / h);
    const [across, up] = this.reach.map((share) => Math.max(share, 0.05) * Math.max(w, h));
    const scale = Math.min(
      (this.width * FILL) / reachX,
      (this.height * FILL) / reachY,
      (this.width * FILL_MOVING) / across,
      (this.height * FILL_MOVING) / up,
      whole * CLOSEST,
    );
    const size = { width: w * scale, height: h * scale };
    return { left: (this.width - size.width) / 2, top: (this.height - size.height) / 2, ...size };
  }

  /** Places the camera at once. Degrees; azimuth 0 is the input camera, 90 looks from +X. */
  setOrbit(azimuth: number, elevation: number): void {
    this.flight = null;
    this.controls.target.set(0, 0, 0);
    this.place(sphere(azimuth, elevation));
    this.viewChanged();
  }

  /** Turns the camera by degrees, as the keyboard does. */
  turn(azimuth: number, elevation: number): void {
    const at = this.spherical();
    at.theta += THREE.MathUtils.degToRad(azimuth);
    at.phi = THREE.MathUtils.clamp(at.phi - THREE.MathUtils.degToRad(elevation), 0.01, Math.PI - 0.01);
    this.flight = null;
    this.place(at);
    this.viewChanged();
  }

  /** Whether dragging keeps the height that it begins at, until the camera is placed otherwise. */
  keepHeight(kept: boolean): void {
    const phi = this.controls.getPolarAngle();
    this.controls.minPolarAngle = kept ? phi : 0;
    this.controls.maxPolarAngle = kept ? phi : Math.PI;
  }

  zoom(factor: number): void {
    const at = this.spherical();
    at.radius = THREE.MathUtils.clamp(at.radius * factor, this.controls.minDistance, this.controls.maxDistance);
    this.place(at);
    this.viewChanged();
  }

  /** Flies back to the input camera. */
  reset(): void {
    if (this.still()) {
      this.setOrbit(0, 0);
      return;
    }
    const from = this.spherical();
    from.theta = Math.atan2(Math.sin(from.theta), Math.cos(from.theta));
    this.flight = { from, to: sphere(0, 0), target: this.controls.target.clone(), age: 0 };
  }

  atInputView(): boolean {
    const at = this.camera.position;
    return Math.hypot(at.x, at.y, at.z - DISTANCE) < 0.01 && this.controls.target.length() < 0.005;
  }

  /** One turn of the loop. */
  tick(seconds: number): void {
    if (this.busy) return;
    this.fly(seconds);
    this.controls.update();
    if (this.dirty) this.draw();
  }

  /** The picture at an exact size on white, sorted for the present time and view, as a PNG data URL. */
  async picture(width: number, height: number): Promise<string> {
    this.busy = true;
    try {
      this.renderer.setPixelRatio(1);
      this.renderer.setSize(width, height, false);
      this.lens(width, height, { left: 0, top: 0, width, height });
      this.renderer.setClearColor(0xffffff, 1);
      await this.settle();
      this.draw();
      return this.canvas.toDataURL("image/png");
    } finally {
      this.renderer.setClearColor(0x000000, 0);
      this.busy = false;
      this.resize();
    }
  }

  private draw(): void {
    this.dirty = false;
    // The fitted blur keeps its size on the object: else gaps open between the Gaussians of an enlarged picture.
    const { fov, width, height } = this.asset.manifest;
    const enlarged = focalLength(this.camera.fov, this.canvas.height) / focalLength(fov, Math.max(width, height));
    this.spark.preBlurAmount = FITTED_BLUR * (enlarged * (DISTANCE / Math.max(this.camera.position.length(), NEAREST))) ** 2;
    this.renderer.render(this.scene, this.camera);
  }

  /** Frees what the graphics card holds; the stage cannot be used afterwards. */
  dispose(): void {
    this.busy = true;
    this.controls.dispose();
    this.splats.dispose();
    this.spark.dispose();
    this.renderer.dispose();
    // Browsers keep only a few contexts at a time, and collect those of removed elements late.
    this.renderer.forceContextLoss();
  }

  private async settle(): Promise<void> {
    this.camera.updateMatrixWorld();
    const sorted = async () => {
      while (this.spark.sorting || this.spark.sortDirty) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    do {
      // Spark puts an update off while it sorts.
      await sorted();
      this.splats.mesh.updateVersion();
      await this.spark.update({ scene: this.scene, camera: this.camera });
      await sorted();
    } while (this.spark.display !== this.spark.current);
  }

  /** A lens under which `frame` shows exactly what the input camera sees. */
  private lens(width: number, height: number, frame: Frame): void {
    const focal = focalLength(this.asset.manifest.fov, Math.max(frame.width, frame.height));
    this.camera.fov = THREE.MathUtils.radToDeg(2 * Math.atan(height / 2 / focal));
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
  }

  private spherical(): THREE.Spherical {
    return new THREE.Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target));
  }

  private place(at: THREE.Spherical): void {
    this.keepHeight(false);
    this.camera.position.setFromSpherical(at).add(this.controls.target);
    this.camera.lookAt(this.controls.target);
  }

  private fly(seconds: number): void {
    if (!this.flight) return;
    const { from, to, target } = this.flight;
    this.flight.age = Math.min(1, this.flight.age + seconds / 0.45);
    const s = 1 - (1 - this.flight.age) ** 3;
    const mix = (a: number, b: number) => a + s * (b - a);
    this.controls.target.copy(target).multiplyScalar(1 - s);
    this.place(new THREE.Spherical(mix(from.radius, to.radius), mix(from.phi, to.phi), mix(from.theta, to.theta)));
    if (this.flight.age >= 1) this.flight = null;
    this.viewChanged();
  }

  private viewChanged(): void {
    this.invalidate();
    for (const listener of this.moved) listener();
  }
}

/** In the unit of `side`, which the field of view in degrees spans. */
function focalLength(fov: number, side: number): number {
  return side / 2 / Math.tan(THREE.MathUtils.degToRad(fov) / 2);
}

function sphere(azimuth: number, elevation: number): THREE.Spherical {
  return new THREE.Spherical(
    DISTANCE,
    Math.PI / 2 - THREE.MathUtils.degToRad(elevation),
    THREE.MathUtils.degToRad(azimuth),
  );
}
