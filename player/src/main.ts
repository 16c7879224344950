// Wires clock, stage and page together, and offers `window.tween4d` to tests and scripts.

import { readAsset } from "./asset";
import { Compare } from "./compare";
import { type IconName, icon } from "./icons";
import { buildPage, type Page } from "./page";
import { Playback, type Repeat } from "./playback";
import { needs } from "./requirements";
import { listen } from "./shortcuts";
import { Stage } from "./stage";
import styles from "./style.css";

interface PlayerInterface {
  /** Resolves when the first sorted picture is on the canvas. */
  ready: Promise<void>;
  /** Pauses and goes to a time in [0, 1]. */
  setTime(time: number): void;
  getTime(): number;
  /** Places the camera, degrees; (0, 0) is the input camera, azimuth 90 looks from +X. */
  setCamera(azimuth: number, elevation: number): void;
  /** The exact picture on white at a size in pixels, as a PNG data URL. */
  picture(width: number, height: number): Promise<string>;
  isPlaying(): boolean;
}

declare global {
  interface Window {
    tween4d: PlayerInterface;
  }
}

const REPEATS: { mode: Repeat; icon: IconName; label: string }[] = [
  { mode: "pingpong", icon: "pingpong", label: "Repeat: back and forth" },
  { mode: "loop", icon: "loop", label: "Repeat: loop" },
  { mode: "once", icon: "once", label: "Play once" },
];
const BACKGROUNDS = ["white", "grey", "black"];
const LONGEST_STEP = 0.1;

async function start(root: HTMLElement, resolveReady: () => void): Promise<void> {
  const missing = needs();
  if (missing) throw new Error(missing);
  const asset = await readAsset(embedded());
  const { manifest } = asset;
  const page = buildPage(root, manifest, document.title);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const playback = new Playback(manifest.frames, manifest.fps);
  const stage = new Stage(asset, page.canvas, () => calm.matches);
  const compare = new Compare(page, stage, playback, manifest.endpoints);
  const say = (text: string) => {
    page.status.textContent = text;
  };

  const show = () => {
    page.time.value = String(playback.time);
    page.time.style.setProperty("--done", String(playback.time));
    page.time.setAttribute("aria-valuetext", `Frame ${playback.frame + 1} of ${manifest.frames}`);
    page.clock.value = `${(playback.time * playback.duration).toFixed(2)} s`;
    const name = playback.playing ? "Pause" : "Play";
    if (page.play.getAttribute("aria-label") !== name) {
      page.play.setAttribute("aria-label", name);
      page.play.innerHTML = icon(playback.playing ? "pause" : "play");
    }
    page.ends.forEach((button, i) => button.classList.toggle("here", playback.time === i));
    compare.place();
  };
  let shownTime = 0;
  playback.onChange(() => {
    if (playback.time !== shownTime) stage.setTime(playback.time);
    shownTime = playback.time;
    show();
  });
  stage.onMove(() => compare.place());

  const commands = {
    toggle: () => {
      if (!playback.playing && compare.mode === "over") compare.set("off");
      playback.toggle();
    },
    step: (frames: number) => playback.step(frames),
    toTime: (time: number) => {
      playback.pause();
      playback.seek(time);
    },
    turn: (azimuth: number, elevation: number) => stage.turn(azimuth, elevation),
    zoom: (factor: number) => stage.zoom(factor),
    reset: () => stage.reset(),
    compare: () => compare.cycle(),
    repeat: () => {
      const next = (REPEATS.findIndex((r) => r.mode === playback.repeat) + 1) % REPEATS.length;
      showRepeat(page, playback, next);
      say(REPEATS[next].label);
    },
    background: () => {
      const next = (BACKGROUNDS.indexOf(page.sheet.dataset.background ?? "") + 1) % BACKGROUNDS.length;
      page.sheet.dataset.background = BACKGROUNDS[next];
      page.background.setAttribute("aria-label", `Background: ${BACKGROUNDS[next]}`);
      say(`Background: ${BACKGROUNDS[next]}`);
    },
    full: () => {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void document.documentElement.requestFullscreen?.().catch(() => undefined);
    },
    help: () => page.dialog.showModal(),
  };
  listen(commands);
  page.play.addEventListener("click", commands.toggle);
  page.action("reset").addEventListener("click", commands.reset);
  page.background.addEventListener("click", commands.background);
  // White paper glares in a dark room.
  page.sheet.dataset.background = window.matchMedia("(prefers-color-scheme: dark)").matches ? "grey" : "white";
  page.background.setAttribute("aria-label", `Background: ${page.sheet.dataset.background}`);
  page.action("full").addEventListener("click", commands.full);
  page.action("full").hidden = !document.fullscreenEnabled;
  page.action("help").addEventListener("click", commands.help);
  page.repeat.addEventListener("click", commands.repeat);
  page.canvas.addEventListener("dblclick", commands.reset);
  page.speed.addEventListener("change", () => playback.setSpeed(Number(page.speed.value)));
  page.time.addEventListener("input", () => commands.toTime(Number(page.time.value)));
  for (const end of page.ends) end.addEventListener("click", () => commands.toTime(Number(end.dataset.time)));
  page.dialog.addEventListener("click", (event) => {
    if (event.target === page.dialog) page.dialog.close();
  });
  page.canvas.addEventListener("pointerdown", () => page.hint.classList.add("gone"), { once: true });
  page.canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    playback.pause();
    fail(root, "The graphics card gave up on this page. Reload it to go on.");
  });
  showRepeat(page, playback, Math.max(0, REPEATS.findIndex((r) => r.mode === manifest.repeat)));
  show();

  new ResizeObserver(() => {
    stage.resize();
    compare.place();
  }).observe(page.view);
  stage.resize();
  await stage.ready();

  Object.assign(window.tween4d, {
    setTime: commands.toTime,
    getTime: () => playback.time,
    setCamera: (azimuth: number, elevation: number) => stage.setOrbit(azimuth, elevation),
    picture: (width: number, height: number) => stage.picture(width, height),
    isPlaying: () => playback.playing,
  });

  let before = performance.now();
  const turn = (now: number) => {
    const seconds = Math.min(LONGEST_STEP, (now - before) / 1000);
    before = now;
    playback.tick(seconds);
    stage.tick(seconds);
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
  page.curtain.classList.add("open");
  if (!calm.matches) playback.play();
  resolveReady();
}

function showRepeat(page: Page, playback: Playback, index: number): void {
  const { mode, icon: name, label } = REPEATS[index];
  playback.setRepeat(mode);
  page.repeat.innerHTML = icon(name);
  page.repeat.setAttribute("aria-label", label);
  page.repeat.title = `${label} (L)`;
}

function fail(root: HTMLElement, message: string): void {
  const sentence = document.createElement("p");
  sentence.className = "failure";
  sentence.setAttribute("role", "alert");
  sentence.textContent = message;
  root.append(sentence);
}

/** The asset that lies in the page. */
function embedded(): Uint8Array<ArrayBuffer> {
  const text = document.getElementById("tween4d-asset")?.textContent;
  if (!text) throw new Error("This page is incomplete: its asset is missing. Export it again.");
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const sheet = document.createElement("style");
sheet.textContent = styles;
document.head.append(sheet);
const root = document.getElementById("tween4d")!;
let resolveReady: () => void = () => undefined;
let rejectReady: (reason: unknown) => void = () => undefined;
const ready = new Promise<void>((resolve, reject) => {
  resolveReady = resolve;
  rejectReady = reject;
});
// The page shows the sentence itself; a script that awaits `ready` still sees the rejection.
ready.catch(() => undefined);
window.tween4d = { ready } as PlayerInterface;
start(root, resolveReady).catch((error) => {
  fail(root, error instanceof Error ? error.message : String(error));
  rejectReady(error);
});
