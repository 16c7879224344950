// A place for a picture: choose, drop or paste; then its matte. And a finished run's picture, whose matte is changed.

import { ask, job, upload } from "/page/api.js";
import { h } from "/page/dom.js";
import { MatteEditor } from "/page/matte.js";

export class Slot {
  constructor(label, changed, overflow, leave = null) {
    this.leave = leave;
    this.label = label; this.changed = changed; this.picture = null; this.editor = null;
    this.status = h("span", { class: "quiet", role: "status" });
    this.change = h("button", { type: "button", hidden: true, onclick: () => this.clear() }, "Change");
    this.drop = leave && h("button", { type: "button", onclick: () => leave(this) }, "Remove");
    this.field = h("input", { type: "file", accept: "image/*", multiple: true, "aria-label": `${label}: choose a file`, onchange: () => this.take([...this.field.files], overflow) });
    this.body = h("div", {});
    this.element = h("section", { class: "card slot", "aria-label": label },
      h("div", { class: "row between" }, h("h3", {}, label), this.status, this.change, this.drop), this.body);
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
    this.taken = false;
    this.turn = {};
    this.field.value = "";
    this.status.textContent = "";
    this.change.hidden = true;
    this.body.replaceChildren(h("label", { class: "empty" }, h("span", {}, h("strong", {}, "Choose a picture"), "or drop or paste it here"), this.field));
    this.changed();
  }

  async take(files, overflow = () => {}) {
    const [file, ...others] = files.filter((entry) => entry.type.startsWith("image/") || !entry.type);
    if (!file) return;
    this.taken = true;
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
      const found = await matted(picture, () => turn === this.turn);
      if (!found) return;
      picture = found.picture;
      const { image, matte } = found;
      this.editor = new MatteEditor(this.label.toLowerCase(), image, matte);
      this.change.hidden = false;
      this.status.textContent = picture.problem ? `${picture.problem.what}: draw a box around the object` : "";
      this.status.classList.toggle("error", Boolean(picture.problem));
      this.body.replaceChildren(this.editor.element);
    } catch (error) {
      this.picture = null;
      this.taken = false;
      this.field.value = "";
      this.status.textContent = error.message;
      this.status.className = "error";
    }
    this.changed();
  }

  mask() { return uploaded(this.editor); }
}

// The matte of a picture that a run was made from. A run that was given a mask is shown with that one.
export class Remask {
  constructor({ id, inputs }, role) {
    this.id = id; this.inputs = inputs; this.role = role; this.editor = null;
    this.status = h("span", { class: "quiet", role: "status" });
    this.body = h("div", {});
    const label = `${role[0].toUpperCase()}${role.slice(1)} picture`;
    this.element = h("section", { class: "card slot", "aria-label": label }, h("div", { class: "row between" }, h("h3", {}, label), this.status), this.body);
  }

  async open() {
    this.status.textContent = "Finding the object";
    try {
      const source = `${job(this.id)}/inputs`;
      const given = this.inputs.includes(`mask_${this.role}`);
      const { image, matte, picture } = given
        ? { image: await loaded(`${source}/${this.role}`), matte: await loaded(`${source}/mask_${this.role}`) }
        : await matted(await upload(await (await fetch(`${source}/${this.role}`)).blob(), this.role));
      this.editor = new MatteEditor(`${this.role} picture`, image, matte);
      this.status.textContent = picture?.problem?.what ?? "";
      this.body.replaceChildren(this.editor.element);
    } catch (error) {
      this.status.textContent = error.message;
      this.status.className = "error";
    }
  }

  mask() { return uploaded(this.editor); }
}

async function matted(picture, wanted = () => true) {
  while (["queued", "running"].includes(picture.matte)) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    picture = await ask("GET", `/v1/pictures/${picture.id}`);
    if (!wanted()) return null;
  }
  const [image, matte] = await Promise.all([loaded(`/v1/pictures/${picture.id}/image`), picture.matte === "done" ? loaded(`/v1/pictures/${picture.id}/matte`) : null]);
  return { picture, image, matte };
}

async function uploaded(editor) {
  if (!editor?.edited) return null;
  const picture = await upload(await editor.mask(), "mask.png", false);
  return { picture: picture.id };
}

function loaded(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the picture cannot be shown"));
    image.src = address;
  });
}
