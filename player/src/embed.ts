// `<tween4d-player src="fox.t4d">`: the player as an element of somebody else's page.

import { type Asset, readAsset, release } from "./asset";
import styles from "./embed.css";
import { icon } from "./icons";
import { Playback, type Repeat } from "./playback";
import { needs } from "./requirements";
import { Stage } from "./stage";

const TURN_DEGREES = 7.5;
const LONGEST_STEP = 0.1;
const REPEATS: Repeat[] = ["pingpong", "loop", "once"];
const DRAWN = ["src", "poster", "alt", "autoplay", "repeat", "speed", "nocontrols"];

const MARKUP = `
<div class="view">
  <canvas tabindex="0" role="img"></canvas>
  <img class="poster" alt="" hidden>
  <button type="button" class="start" hidden>${icon("play")}</button>
  <span class="ring" hidden></span>
</div>
<div class="bar" role="group" aria-label="Playback">
  <button type="button" data-do="toggle"></button>
  <input type="range" min="0" max="1" step="0.001" value="0" aria-label="Time">
  <button type="button" data-do="reset" aria-label="Back to the first view" title="Back to the first view (R)">${icon("reset")}</button>
  <button type="button" data-do="full" aria-label="Full screen" title="Full screen (F)">${icon("full")}</button>
</div>
<p class="failure" role="alert" hidden></p>`;

const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);

/**
 * Attributes: `src` (a `.t4d` file), `poster`, `alt`, `autoplay`, `repeat` (pingpong, loop, once), `speed`,
 * `loading` (lazy, eager, click), `azimuth`, `elevation`, `time`, `nocontrols`.
 * Events: `ready`, `play`, `pause`, `timeupdate`, `error`.
 */
export class Tween4dPlayer extends HTMLElement {
  static observedAttributes = DRAWN;
  private readonly root = this.attachShadow({ mode: "open", delegatesFocus: true });
  private playback = new Playback(2, 1);
  private asset: Asset | null = null;
  private stage: Stage | null = null;
  private watch: IntersectionObserver | null = null;
  private sizes: ResizeObserver | null = null;
  /** Counts what was loaded; an answer to an older question is dropped. */
  private attempt = 0;
  private loading = false;
  private visible = false;
  private lastTurn = 0;
  private turning = 0;
  private wasPlaying = false;
  private readonly calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  constructor() {
    super();
    this.root.adoptedStyleSheets = [sheet];
    this.root.innerHTML = MARKUP;
    this.root.addEventListener("click", (event) => this.clicked(event));
    this.root.addEventListener("keydown", (event) => this.pressed(event as KeyboardEvent));
    this.slider.addEventListener("input", () => {
      this.pause();
      this.playback.seek(Number(this.slider.value));
    });
    this.prepare(this.canvas);
    // A finger that scrolls the page moves a little before the browser takes it: the object must not nod.
    const touched = (event: PointerEvent) => event.pointerType === "touch" && event.isPrimary && !this.matches(":fullscreen");
    this.view.addEventListener("pointerdown", (event) => this.stage?.keepHeight(touched(event)), { capture: true });
    // A page scrolls under the pointer, until the viewer has chosen the object.
    this.view.addEventListener("wheel", (event) => this.passOn(event), { capture: true, passive: true });
  }

  get playing(): boolean {
    return this.playback.playing;
  }

  /** Where the motion is, in [0, 1]. */
  get time(): number {
    return this.playback.time;
  }

  set time(time: number) {
    this.playback.seek(time);
  }

  /** Whether a picture of the object is shown. */
  get ready(): boolean {
    return this.stage !== null && !this.loading;
  }

  play(): void {
    if (this.ready) this.playback.play();
    else void this.load(true);
  }

  pause(): void {
    this.playback.pause();
  }

  /** Places the camera, degrees; (0, 0) is the input camera, azimuth 90 looks from +X. */
  setCamera(azimuth: number, elevation: number): void {
    this.stage?.setOrbit(azimuth, elevation);
  }

  /** The exact picture on white at a size in pixels, as a PNG data URL. */
  async picture(width: number, height: number): Promise<string> {
    if (!this.stage) throw new Error("The object is not shown yet.");
    return this.stage.picture(width, height);
  }

  connectedCallback(): void {
    this.watch = new IntersectionObserver((entries) => this.seen(entries.at(-1)!.isIntersecting), { rootMargin: "200px" });
    this.watch.observe(this);
    this.show();
    if (this.getAttribute("loading") === "eager") void this.load();
  }

  disconnectedCallback(): void {
    this.watch?.disconnect();
    this.unload();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    if (name === "src") {
      this.unload();
      if (this.visible && this.getAttribute("loading") !== "click") void this.load();
    }
    if (name === "autoplay" && after !== null && !this.calm.matches) this.play();
    this.set();
    this.show();
  }

  private seen(visible: boolean): void {
    this.visible = visible;
    if (visible && !this.stage && !this.loading && this.getAttribute("loading") !== "click") void this.load();
    this.keepTurning();
  }

  private async load(play = false): Promise<void> {
    const source = this.getAttribute("src");
    if (!source || this.loading) return;
    const attempt = ++this.attempt;
    this.loading = true;
    this.failure.hidden = true;
    this.show();
    try {
      const missing = needs();
      if (missing) throw new Error(missing);
      const asset = await readAsset(await fetched(new URL(source, document.baseURI)));
      if (attempt !== this.attempt) return release(asset);
      this.asset = asset;
      this.open(asset);
      await this.stage!.ready();
      if (attempt !== this.attempt) return;
      this.loading = false;
      this.show();
      this.keepTurning();
      this.dispatchEvent(new Event("ready"));
      if (play || (this.hasAttribute("autoplay") && !this.calm.matches)) this.playback.play();
    } catch (error) {
      if (attempt === this.attempt) this.fail(error);
    }
  }

  private open(asset: Asset): void {
    const time = Number(this.getAttribute("time") ?? 0);
    this.playback = new Playback(asset.manifest.frames, asset.manifest.fps);
    this.playback.seek(time);
    this.set();
    const stage = new Stage(asset, this.canvas, () => this.calm.matches);
    this.stage = stage;
    // One finger across turns the object, one finger up and down scrolls the page, two do both for the object.
    this.canvas.style.touchAction = "pan-y";
    stage.controls.enablePan = false;
    this.resetView(true);
    stage.setTime(this.playback.time);
    this.playback.onChange(() => {
      stage.setTime(this.playback.time);
      // Sixty times a second: only what changes with time.
      if (this.playback.playing === this.wasPlaying) this.showTime();
      else this.show();
      this.dispatchEvent(new Event("timeupdate"));
    });
    this.sizes = new ResizeObserver(() => stage.resize());
    this.sizes.observe(this.canvas);
    stage.resize();
  }

  private unload(): void {
    this.attempt++;
    this.loading = false;
    cancelAnimationFrame(this.turning);
    this.turning = 0;
    this.sizes?.disconnect();
    const { stage, asset } = this;
    this.stage = null;
    this.asset = null;
    stage?.dispose();
    if (asset) release(asset);
    this.playback = new Playback(2, 1);
    if (!stage) return;
    // The context of the old canvas is lost for good.
    const canvas = this.canvas.cloneNode() as HTMLCanvasElement;
    this.canvas.replaceWith(canvas);
    this.prepare(canvas);
  }

  private prepare(canvas: HTMLCanvasElement): void {
    canvas.addEventListener("dblclick", () => this.resetView());
    canvas.addEventListener("webglcontextlost", () => {
      if (this.stage) this.fail(new Error("The graphics card gave up on this object. Reload the page to go on."));
    });
  }

  private fail(error: unknown): void {
    this.unload();
    this.failure.textContent = error instanceof Error ? error.message : String(error);
    this.failure.hidden = false;
    this.show();
    this.dispatchEvent(new ErrorEvent("error", { message: this.failure.textContent, error }));
  }

  /** What the attributes say of the clock. */
  private set(): void {
    const repeat = this.getAttribute("repeat") as Repeat;
    this.playback.setRepeat(REPEATS.includes(repeat) ? repeat : "pingpong");
    const speed = Number(this.getAttribute("speed") ?? 1);
    this.playback.setSpeed(speed > 0 && speed <= 16 ? speed : 1);
  }

  private show(): void {
    const { playing } = this.playback;
    const label = this.getAttribute("alt") || "An object in 3D";
    this.canvas.setAttribute("aria-label", `${label}. Drag or use the arrow keys to turn it.`);
    const poster = this.getAttribute("poster");
    if (poster && this.poster.getAttribute("src") !== poster) this.poster.src = poster;
    const failed = !this.failure.hidden;
    this.poster.hidden = !poster || this.ready || failed;
    this.poster.alt = this.ready ? "" : label;
    this.start.hidden = this.ready || this.loading || failed || this.getAttribute("loading") !== "click";
    this.start.setAttribute("aria-label", `Load ${label}`);
    this.ring.hidden = !this.loading;
    this.bar.hidden = this.hasAttribute("nocontrols") || !this.ready;
    this.full.hidden = !document.fullscreenEnabled;
    this.showTime();
    const name = playing ? "Pause" : "Play";
    if (this.toggle.getAttribute("aria-label") !== name) {
      this.toggle.setAttribute("aria-label", name);
      this.toggle.title = `${name} (Space)`;
      this.toggle.innerHTML = icon(playing ? "pause" : "play");
    }
    if (playing !== this.wasPlaying) {
      this.wasPlaying = playing;
      this.dispatchEvent(new Event(playing ? "play" : "pause"));
    }
  }

  private showTime(): void {
    const { time } = this.playback;
    const { slider } = this;
    slider.value = String(time);
    slider.style.setProperty("--done", String(time));
    const told = `${Math.round(100 * time)} percent`;
    if (slider.getAttribute("aria-valuetext") !== told) slider.setAttribute("aria-valuetext", told);
  }

  private keepTurning(): void {
    if (!this.visible || !this.ready || this.turning) return;
    this.lastTurn = performance.now();
    const turn = (now: number) => {
      this.turning = 0;
      if (!this.visible || !this.stage) return;
      const seconds = Math.min(LONGEST_STEP, Math.max(0, now - this.lastTurn) / 1000);
      this.lastTurn = now;
      this.playback.tick(seconds);
      this.stage.tick(seconds);
      this.turning = requestAnimationFrame(turn);
    };
    this.turning = requestAnimationFrame(turn);
  }

  private clicked(event: Event): void {
    const button = (event.target as Element).closest("button");
    if (button === this.start) this.play();
    else if (button?.dataset.do === "toggle") this.playback.toggle();
    else if (button?.dataset.do === "reset") this.resetView();
    else if (button?.dataset.do === "full") this.fullScreen();
  }

  private pressed(event: KeyboardEvent): void {
    if (!this.stage || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as Element;
    if (event.key === " " && target.closest("button")) return;
    const { stage, playback } = this;
    // On the slider arrows move time, by frames; elsewhere they turn the object.
    const frames = target === this.slider && { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (frames) {
      event.preventDefault();
      return playback.step(frames);
    }
    const go = (time: number) => {
      playback.pause();
      playback.seek(time);
    };
    const keys: Record<string, () => void> = {
      " ": () => playback.toggle(),
      ArrowLeft: () => stage.turn(-TURN_DEGREES, 0),
      ArrowRight: () => stage.turn(TURN_DEGREES, 0),
      ArrowUp: () => stage.turn(0, TURN_DEGREES),
      ArrowDown: () => stage.turn(0, -TURN_DEGREES),
      ",": () => playback.step(-1),
      ".": () => playback.step(1),
      Home: () => go(0),
      End: () => go(1),
      "+": () => stage.zoom(1 / 1.15),
      "=": () => stage.zoom(1 / 1.15),
      "-": () => stage.zoom(1.15),
      r: () => this.resetView(),
      f: () => this.fullScreen(),
    };
    const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  private passOn(event: WheelEvent): void {
    const chosen = this.matches(":focus-within") || document.fullscreenElement === this;
    if (!chosen && !event.ctrlKey) event.stopPropagation();
  }

  private resetView(atOnce = false): void {
    const [azimuth, elevation] = ["azimuth", "elevation"].map((name) => Number(this.getAttribute(name) ?? 0) || 0);
    if (atOnce || azimuth || elevation) this.stage?.setOrbit(azimuth, elevation);
    else this.stage?.reset();
  }

  private fullScreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.requestFullscreen?.().catch(() => undefined);
  }

  private find<T extends Element>(selector: string): T {
    return this.root.querySelector(selector) as T;
  }

  private get view(): HTMLElement {
    return this.find(".view");
  }
  private get canvas(): HTMLCanvasElement {
    return this.find("canvas");
  }
  private get poster(): HTMLImageElement {
    return this.find(".poster");
  }
  private get start(): HTMLButtonElement {
    return this.find(".start");
  }
  private get ring(): HTMLElement {
    return this.find(".ring");
  }
  private get bar(): HTMLElement {
    return this.find(".bar");
  }
  private get slider(): HTMLInputElement {
    return this.find("input");
  }
  private get toggle(): HTMLButtonElement {
    return this.find('[data-do="toggle"]');
  }
  private get full(): HTMLButtonElement {
    return this.find('[data-do="full"]');
  }
  private get failure(): HTMLElement {
    return this.find(".failure");
  }
}

async function fetched(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  let answer: Response;
  try {
    answer = await fetch(url);
  } catch {
    const local = url.protocol === "file:" ? " A page opened from disk may not read files: serve the folder." : "";
    throw new Error(`The asset could not be loaded.${local}`);
  }
  if (!answer.ok) throw new Error(`The asset could not be loaded: the server answers ${answer.status}.`);
  return new Uint8Array(await answer.arrayBuffer());
}

if (!customElements.get("tween4d-player")) customElements.define("tween4d-player", Tween4dPlayer);
