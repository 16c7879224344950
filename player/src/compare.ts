// The input pictures beside or over the asset, at the time nearest to them.

import type { Page } from "./page";
import type { Playback } from "./playback";
import type { Stage } from "./stage";

export type Comparison = "off" | "beside" | "over";
const ORDER: Comparison[] = ["off", "beside", "over"];

export class Compare {
  mode: Comparison = "off";

  constructor(
    private readonly page: Page,
    private readonly stage: Stage,
    private readonly playback: Playback,
    private readonly endpoints: [string, string] | null,
  ) {
    page.segments.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-compare]");
      if (button) this.set(button.dataset.compare as Comparison);
    });
    page.segments.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      this.set(ORDER[(ORDER.indexOf(this.mode) + move + ORDER.length) % ORDER.length]);
      page.segments.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
    });
    page.wipe.addEventListener("input", () => this.place());
    page.back.addEventListener("click", () => this.meet());
    this.mark();
  }

  cycle(): void {
    this.set(ORDER[(ORDER.indexOf(this.mode) + 1) % ORDER.length]);
  }

  set(mode: Comparison): void {
    if (!this.endpoints || mode === this.mode) return;
    this.mode = mode;
    this.page.sheet.dataset.compare = mode;
    this.page.reference.hidden = mode !== "beside";
    this.page.overlay.hidden = mode !== "over";
    this.page.caption.hidden = mode === "off";
    this.mark();
    if (mode !== "off") this.meet();
    this.stage.resize();
    this.place();
  }

  /** Goes where an input picture and the object can be compared: the nearest end, from the input view. */
  private meet(): void {
    this.playback.pause();
    this.playback.seek(Math.round(this.playback.time));
    this.stage.reset();
  }

  /** Puts picture and captions where the present time and view want them. */
  place(): void {
    if (!this.endpoints || this.mode === "off") return;
    const end = this.playback.time < 0.5 ? 0 : 1;
    const name = end === 0 ? "Start" : "End";
    const { page } = this;
    for (const image of [page.besideImage, page.overImage]) {
      if (image.src !== this.endpoints[end]) image.src = this.endpoints[end];
      image.alt = `Input picture, ${name.toLowerCase()}`;
    }
    page.referenceCaption.textContent = `Input, ${name.toLowerCase()}`;
    page.overlay.dataset.caption = `Input, ${name.toLowerCase()}`;
    const atEnd = this.playback.time === end;
    page.reference.classList.toggle("elsewhere", !atEnd);
    const frame = this.stage.frame();
    const image = this.mode === "beside" ? page.besideImage : page.overImage;
    Object.assign(image.style, {
      left: `${frame.left}px`,
      top: `${frame.top}px`,
      width: `${frame.width}px`,
      height: `${frame.height}px`,
    });
    if (this.mode !== "over") return;
    const share = Number(page.wipe.value) / 100;
    const edge = frame.left + frame.width * share;
    page.overlay.style.setProperty("--edge", `${edge}px`);
    page.wipe.style.left = `${frame.left}px`;
    page.wipe.style.width = `${frame.width}px`;
    page.overImage.style.clipPath = `inset(0 ${100 * (1 - share)}% 0 0)`;
    // Where the picture is shown the asset must not show through its transparent parts.
    this.page.canvas.style.clipPath = "";
    const fits = atEnd && this.stage.atInputView();
    page.overlay.classList.toggle("away", !fits);
    page.back.hidden = fits;
    if (fits) this.page.canvas.style.clipPath = `inset(0 0 0 ${edge}px)`;
  }

  /** Undoes what `place` did to the canvas. */
  private clear(): void {
    this.page.canvas.style.clipPath = "";
    this.page.back.hidden = true;
  }

  private mark(): void {
    if (this.mode !== "over") this.clear();
    for (const button of this.page.segments.querySelectorAll<HTMLElement>("[data-compare]")) {
      const on = button.dataset.compare === this.mode;
      button.setAttribute("aria-checked", String(on));
      button.tabIndex = on ? 0 : -1;
    }
  }
}
