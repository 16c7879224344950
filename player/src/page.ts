// The elements of the page. Texts of the asset are set as text, never as markup.

import type { Manifest } from "./asset";
import { icon } from "./icons";

const SHORTCUTS: [string, string][] = [
  ["Space", "Play or pause"],
  ["← →", "Previous, next frame"],
  ["Home End", "Start, end"],
  ["Shift + arrows", "Turn the view"],
  ["+ −", "Zoom"],
  ["R", "Back to the input view"],
  ["C", "Compare with the inputs"],
  ["L", "Repeat: loop, back and forth, once"],
  ["B", "Background"],
  ["F", "Full screen"],
];

const MARKUP = `
<header class="bar">
  <h1 class="title"></h1>
  <div class="tools">
    <div class="segments" role="radiogroup" aria-label="Compare with the input pictures" hidden>
      <button type="button" role="radio" data-compare="off" aria-checked="true" title="The object alone">${icon("free")}<span>3D</span></button>
      <button type="button" role="radio" data-compare="beside" aria-checked="false" title="The input picture beside the object">${icon("beside")}<span>Beside input</span></button>
      <button type="button" role="radio" data-compare="over" aria-checked="false" title="The input picture over the object">${icon("over")}<span>Over input</span></button>
    </div>
    <span class="rule"></span>
    <button type="button" class="tool" data-action="reset" aria-label="Back to the input view" title="Back to the input view (R)">${icon("reset")}</button>
    <button type="button" class="tool" data-action="background" title="Background (B)">${icon("paper")}</button>
    <button type="button" class="tool wide" data-action="full" aria-label="Full screen" title="Full screen (F)">${icon("full")}</button>
    <button type="button" class="tool" data-action="help" aria-label="Keyboard shortcuts and details" title="Shortcuts and details (?)">${icon("help")}</button>
  </div>
</header>
<main class="sheet" data-background="white" data-compare="off">
  <figure class="reference" hidden>
    <img class="beside" alt="">
    <figcaption></figcaption>
  </figure>
  <div class="view">
    <canvas tabindex="0" role="img" aria-label="The object in 3D. Drag to turn it, scroll or pinch to zoom."></canvas>
    <div class="overlay" hidden>
      <img class="over" alt="">
      <input class="wipe" type="range" min="0" max="100" value="50" aria-label="Share of the view covered by the input picture">
      <span class="edge" aria-hidden="true"></span>
    </div>
    <span class="caption" hidden>3D</span>
    <button type="button" class="back" hidden>Back to the comparison</button>
    <p class="hint">Drag to turn, scroll or pinch to zoom</p>
    <div class="curtain"><span class="ring"></span><p>Preparing</p></div>
  </div>
</main>
<footer class="dock">
  <button type="button" class="play" aria-label="Play" title="Play or pause (Space)">${icon("play")}</button>
  <div class="timeline">
    <button type="button" class="end" data-time="0" aria-label="Go to the start" title="Start (Home)"><span><img alt=""></span></button>
    <div class="track"><input class="time" type="range" min="0" max="1" value="0" aria-label="Time"><span class="marks" aria-hidden="true"></span></div>
    <button type="button" class="end" data-time="1" aria-label="Go to the end" title="End (End)"><span><img alt=""></span></button>
  </div>
  <div class="pace">
    <output class="clock" aria-live="off"></output>
    <label class="speed" title="Speed"><span class="unseen">Speed</span>
      <select><option value="0.25">¼×</option><option value="0.5">½×</option><option value="1" selected>1×</option><option value="2">2×</option></select>
    </label>
    <button type="button" class="tool" data-action="repeat"></button>
  </div>
</footer>
<dialog aria-labelledby="tween4d-help">
  <form method="dialog"><button class="tool" aria-label="Close">${icon("close")}</button></form>
  <h2 id="tween4d-help">Keys</h2>
  <dl class="keys"></dl>
  <h2>About</h2>
  <dl class="about"></dl>
</dialog>
<p class="unseen" role="status"></p>`;

export interface Page {
  sheet: HTMLElement;
  canvas: HTMLCanvasElement;
  view: HTMLElement;
  segments: HTMLElement;
  reference: HTMLElement;
  referenceCaption: HTMLElement;
  overlay: HTMLElement;
  wipe: HTMLInputElement;
  besideImage: HTMLImageElement;
  overImage: HTMLImageElement;
  caption: HTMLElement;
  back: HTMLButtonElement;
  hint: HTMLElement;
  curtain: HTMLElement;
  play: HTMLButtonElement;
  time: HTMLInputElement;
  ends: HTMLButtonElement[];
  clock: HTMLOutputElement;
  speed: HTMLSelectElement;
  repeat: HTMLButtonElement;
  background: HTMLButtonElement;
  dialog: HTMLDialogElement;
  status: HTMLElement;
  action(name: string): HTMLButtonElement;
}

export function buildPage(root: HTMLElement, manifest: Manifest, title: string): Page {
  root.innerHTML = MARKUP;
  const find = <T extends Element>(selector: string) => root.querySelector(selector) as T;
  find<HTMLElement>(".title").textContent = title;
  fillList(find(".keys"), SHORTCUTS, "kbd");
  fillList(find(".about"), manifest.about);
  const ends = [...root.querySelectorAll<HTMLButtonElement>(".end")];
  ends.forEach((button, i) => {
    if (manifest.endpoints) showThumbnail(button.querySelector("img")!, manifest.endpoints[i], manifest);
    else button.classList.add("bare");
  });
  const segments = find<HTMLElement>(".segments");
  segments.hidden = !manifest.endpoints;
  find<HTMLElement>(".rule").hidden = !manifest.endpoints;
  const marks = find<HTMLElement>(".marks");
  for (const clip of manifest.clips) {
    const mark = document.createElement("i");
    mark.style.left = `${100 * clip.keyframe}%`;
    marks.append(mark);
  }
  const time = find<HTMLInputElement>(".time");
  time.step = String(1 / Math.max(1, manifest.frames - 1) / 4);
  const action = (name: string) => find<HTMLButtonElement>(`[data-action="${name}"]`);
  return {
    sheet: find(".sheet"),
    canvas: find("canvas"),
    view: find(".view"),
    segments,
    reference: find(".reference"),
    referenceCaption: find(".reference figcaption"),
    overlay: find(".overlay"),
    wipe: find(".wipe"),
    besideImage: find(".beside"),
    overImage: find(".over"),
    caption: find(".caption"),
    back: find(".back"),
    hint: find(".hint"),
    curtain: find(".curtain"),
    play: find(".play"),
    time,
    ends,
    clock: find(".clock"),
    speed: find(".speed select"),
    repeat: action("repeat"),
    background: action("background"),
    dialog: find("dialog"),
    status: find("[role=status]"),
    action,
  };
}

/** Shows the square around the object, the same for both ends. */
function showThumbnail(image: HTMLImageElement, source: string, manifest: Manifest): void {
  const { width, height } = manifest;
  const [left, top, right, bottom] = manifest.bounds;
  const side = 1.04 * Math.max((right - left) * width, (bottom - top) * height);
  const x = ((left + right) * width - side) / 2;
  const y = ((top + bottom) * height - side) / 2;
  image.src = source;
  image.style.width = `${(100 * width) / side}%`;
  image.style.height = `${(100 * height) / side}%`;
  image.style.left = `${(-100 * x) / side}%`;
  image.style.top = `${(-100 * y) / side}%`;
}

function fillList(list: HTMLElement, rows: [string, string][], tag = "span"): void {
  for (const [term, description] of rows) {
    const dt = document.createElement("dt");
    const inner = document.createElement(tag);
    inner.textContent = term;
    dt.append(inner);
    const dd = document.createElement("dd");
    dd.textContent = description;
    list.append(dt, dd);
  }
}
