// One of the two places for a picture: choose, drop or paste; then its matte.

import { ask, upload } from "/page/api.js";
import { h } from "/page/dom.js";
import { MatteEditor } from "/page/matte.js";

export class Slot {
  constructor(label, changed, overflow) {
    this.label = label; this.changed = changed; this.picture = null; this.editor = null;
    this.status = h("span", { class: "quiet", role: "status" });
    this.change = h("button", { type: "button", hidden: true, onclick: () => this.clear() }, "Change");
    this.field = h("input", { type: "file", accept: "image/*", "aria-label": `${label}: choose a file`, onchange: () => this.take([...this.field.files], overflow) });
    this.body = h("div", {});
    this.element = h("section", { class: "card slot", "aria-label": label },
      h("div", { class: "row between" }, h("h3", {}, label), this.status, this.change), this.body);
    for (const kind of ["dragenter", "dragover"]) this.element.addEventListener(kind, (event) => { event.preventDefault(); this.element.classList.add("over"); });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.element.classList.remove("over");
      this.take([...event.dataTransfer.files], overflow);
    });
    this.clear();
  }

  clear() {
    this.picture = this.editor = null;
    this.field.value = "";
    this.status.textContent = "";
    this.change.hidden = true;
    this.body.replaceChildren(h("label", { class: "empty" }, h("span", {}, h("strong", {}, "Choose a picture"), "or drop or paste one here"), this.field));
    this.changed();
  }

  async take(files, overflow = () => {}) {
    const [file, ...others] = files.filter((entry) => entry.type.startsWith("image/") || !entry.type);
    if (!file) return;
    if (others.length) overflow(this, others);
    this.status.className = "quiet";
    this.status.textContent = "Uploading";
    const turn = this.turn = {};
    try {
      let picture = await upload(file, file.name);
      if (turn !== this.turn) return;
      this.picture = picture;
      this.changed();
      this.status.textContent = "Finding the object";
      while (["queued", "running"].includes(picture.matte)) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        picture = await ask("GET", `/v1/pictures/${picture.id}`);
        if (turn !== this.turn) return;
      }
      const [image, matte] = await Promise.all([loaded(`/v1/pictures/${picture.id}/image`), picture.matte === "done" ? loaded(`/v1/pictures/${picture.id}/matte`) : null]);
      this.editor = new MatteEditor(this.label.toLowerCase(), image, matte);
      this.change.hidden = false;
      this.status.textContent = picture.problem ? `${picture.problem.what}: draw a box around the object` : "";
      this.status.classList.toggle("error", Boolean(picture.problem));
      this.body.replaceChildren(this.editor.element);
    } catch (error) {
      this.picture = null;
      this.field.value = "";
      this.status.textContent = error.message;
      this.status.className = "error";
    }
    this.changed();
  }

  async mask() {
    if (!this.editor?.edited) return null;
    const picture = await upload(await this.editor.mask(), "mask.png", false);
    return { picture: picture.id };
  }
}

function loaded(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the picture cannot be shown"));
    image.src = address;
  });
}
