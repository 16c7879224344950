// A picture with its matte, to be corrected by threshold, brush and box; the result is a mask.

const KEEP = 255, ADD = 1, ERASE = 2;
import { h } from "/page/dom.js";

export class MatteEditor {
  constructor(label, image, matte) {
    this.width = image.naturalWidth; this.height = image.naturalHeight;
    this.image = image;
    this.alpha = levels(matte, this.width, this.height);
    this.strokes = new Uint8Array(this.width * this.height);
    this.threshold = 0.5; this.tool = "add"; this.size = 0.05; this.past = [];
    this.cursor = [this.width / 2, this.height / 2];
    this.canvas = h("canvas", { width: this.width, height: this.height, tabindex: 0, role: "application",
      "aria-label": `Matte of the ${label}. Arrow keys move the brush, space paints.` });
    this.context = this.canvas.getContext("2d");
    this.source = sourcePixels(image, this.width, this.height);
    this.element = h("div", {}, h("div", { class: "well" }, this.canvas), this.controls(label));
    this.listen();
    this.draw();
  }

  controls(label) {
    const tools = [["add", "Brush"], ["erase", "Eraser"], ["box", "Box"]].map(([tool, word]) =>
      h("button", { type: "button", "aria-pressed": String(tool === this.tool), onclick: (event) => {
        this.tool = tool;
        for (const other of event.currentTarget.parentElement.querySelectorAll("[aria-pressed]")) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      } }, word));
    const undo = h("button", { type: "button", onclick: () => { const last = this.past.pop(); if (last) { this.strokes = last; this.draw(); } } }, "Undo");
    const reset = h("button", { type: "button", onclick: () => { this.remember(); this.strokes.fill(0); this.slide.value = 50; this.threshold = 0.5; this.draw(); } }, "Reset");
    this.slide = h("input", { type: "range", min: 2, max: 98, value: 50, "aria-label": `Threshold of the ${label}`,
      oninput: (event) => { this.threshold = event.target.value / 100; this.draw(); } });
    const size = h("input", { type: "range", min: 1, max: 15, value: 5, "aria-label": `Brush size for the ${label}`, oninput: (event) => { this.size = event.target.value / 100; } });
    return h("div", { class: "matte" }, h("div", { class: "row", role: "group", "aria-label": `Tools for the ${label}` }, tools, undo, reset),
      h("label", { class: "slider" }, "Threshold", this.slide), h("label", { class: "slider" }, "Brush size", size));
  }

  get edited() { return this.threshold !== 0.5 || this.strokes.some((stroke) => stroke !== 0); }

  // The threshold is the level that counts as half covered; clear and full stay what they are.
  value(index) {
    const stroke = this.strokes[index];
    if (stroke) return stroke === ADD ? KEEP : 0;
    if (this.threshold === 0.5) return this.alpha[index];
    return 255 * (this.alpha[index] / 255) ** (Math.log(0.5) / Math.log(this.threshold));
  }

  draw(box = null) {
    const out = new ImageData(this.width, this.height), pixels = out.data, source = this.source;
    for (let i = 0; i < this.alpha.length; i++) {
      const keep = this.value(i) / 255, at = 4 * i;
      for (let c = 0; c < 3; c++) pixels[at + c] = source[at + c];
      pixels[at + 3] = 255 * (0.12 + 0.88 * keep) * (keep > 0 || source[at + 3] > 0 ? 1 : 0);
    }
    this.context.putImageData(out, 0, 0);
    if (box || this.focused) {
      this.context.lineWidth = Math.max(2, this.width / 200);
      for (const [color, shift] of [["#000", 0], ["#fff", this.context.lineWidth / 2]]) {
        this.context.strokeStyle = color;
        this.context.beginPath();
        if (box) this.context.rect(box[0] + shift, box[1] + shift, box[2] - box[0], box[3] - box[1]);
        else this.context.arc(...this.cursor, Math.max(1, this.radius - shift), 0, 7);
        this.context.stroke();
      }
    }
  }

  get radius() { return this.size * Math.max(this.width, this.height); }
  remember() { this.past.push(this.strokes.slice()); if (this.past.length > 20) this.past.shift(); }

  paint(x, y) {
    const r = this.radius, mark = this.tool === "erase" ? ERASE : ADD;
    for (let row = Math.max(0, Math.ceil(y - r)); row <= Math.min(this.height - 1, y + r); row++) {
      const half = Math.sqrt(Math.max(0, r * r - (row - y) ** 2));
      const from = Math.max(0, Math.ceil(x - half)), to = Math.min(this.width - 1, Math.floor(x + half));
      if (to >= from) this.strokes.fill(mark, row * this.width + from, row * this.width + to + 1);
    }
  }

  crop([left, top, right, bottom]) {
    for (let y = 0; y < this.height; y++)
      for (let x = 0; x < this.width; x++)
        if (x < left || x > right || y < top || y > bottom) this.strokes[y * this.width + x] = ERASE;
  }

  place(event) {
    const area = this.canvas.getBoundingClientRect();
    const scale = Math.min(area.width / this.width, area.height / this.height);
    return [(event.clientX - area.left - (area.width - this.width * scale) / 2) / scale, (event.clientY - area.top - (area.height - this.height * scale) / 2) / scale];
  }

  listen() {
    let from = null, waiting = false;
    const ordered = ([a, b], [c, d]) => [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.remember();
      from = this.place(event);
      if (this.tool !== "box") { this.paint(...from); this.draw(); }
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const to = this.place(event);
      if (this.tool !== "box") {
        const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / Math.max(1, this.radius / 2));
        for (let i = 1; i <= steps; i++) this.paint(from[0] + (to[0] - from[0]) * i / steps, from[1] + (to[1] - from[1]) * i / steps);
        from = to;
      }
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; this.draw(this.tool === "box" && from ? ordered(from, to) : null); });
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (from && this.tool === "box") {
        const box = ordered(from, this.place(event));
        if (box[2] - box[0] > 4 && box[3] - box[1] > 4) this.crop(box);
      }
      from = null;
      this.draw();
    });
    this.canvas.addEventListener("pointercancel", () => { from = null; this.draw(); });
    this.canvas.addEventListener("focus", () => { this.focused = this.canvas.matches(":focus-visible"); this.draw(); });
    this.canvas.addEventListener("blur", () => { this.focused = false; this.draw(); });
    this.canvas.addEventListener("keydown", (event) => {
      const step = this.radius / 2, moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (event.key === " ") { this.remember(); this.paint(...this.cursor); }
      else if (moves[event.key]) this.cursor = [clamp(this.cursor[0] + moves[event.key][0], this.width), clamp(this.cursor[1] + moves[event.key][1], this.height)];
      else return;
      event.preventDefault();
      this.focused = true;
      this.draw();
    });
  }

  mask() {
    const canvas = h("canvas", { width: this.width, height: this.height }), out = new ImageData(this.width, this.height);
    for (let i = 0; i < this.alpha.length; i++) { out.data.fill(this.value(i), 4 * i, 4 * i + 3); out.data[4 * i + 3] = 255; }
    canvas.getContext("2d").putImageData(out, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}

const clamp = (value, top) => Math.min(top, Math.max(0, value));

function sourcePixels(image, width, height) {
  const context = h("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

function levels(matte, width, height) {
  if (!matte) return new Uint8ClampedArray(width * height).fill(255);
  const pixels = sourcePixels(matte, width, height);
  return Uint8ClampedArray.from({ length: width * height }, (_, i) => pixels[4 * i]);
}
