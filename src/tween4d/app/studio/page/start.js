// The first page: two pictures, options, and what was made before.

import { ask, job } from "/page/api.js";
import { h, show, STATES, tell, when } from "/page/dom.js";
import { Options } from "/page/options.js";
import { Slot } from "/page/slot.js";

const MOST = 12;

export async function showStart(about) {
  const make = h("button", { class: "primary", disabled: true }, "Make it move");
  const slots = [], row = h("div", { class: "two slots" });
  let number = 2;
  const several = h("p", { class: "quiet" });
  const changed = () => {
    make.disabled = slots.length < 2 || slots.some((slot) => !slot.picture);
    several.textContent = slots.length > 2 ? `${slots.length - 1} assets will be made, each from one picture to the next.` : "";
  };
  // More pictures than places: each further one gets a place of its own.
  const overflow = (from, files) => (slots.find((slot) => slot !== from && !slot.taken) ?? place()).take(files, overflow);
  const place = () => {
    if (slots.length >= MOST) { tell(`${MOST} pictures at most`); return { take() {} }; }
    const label = ["Start picture", "End picture"][slots.length] ?? `Picture ${++number}`;
    const slot = new Slot(label, changed, overflow, slots.length < 2 ? null : (which) => { slots.splice(slots.indexOf(which), 1); which.element.remove(); changed(); });
    slots.push(slot);
    row.append(slot.element);
    changed();
    return slot;
  };
  place();
  place();
  const options = new Options(about);
  const name = h("input", { maxlength: 80, placeholder: "optional" });
  const form = h("form", { class: "go", onsubmit: async (event) => {
    event.preventDefault();
    make.disabled = true;
    make.textContent = "Sending";
    try {
      const masks = [];
      for (const slot of slots) masks.push(await slot.mask());
      let made = null;
      for (let i = 0; i + 1 < slots.length; i++) {
        const called = slots.length === 2 ? name.value : `${name.value || "Row"} ${i + 1} of ${slots.length - 1}`.slice(-80);
        made = await ask("POST", "/v1/jobs", { start: { picture: slots[i].picture.id }, end: { picture: slots[i + 1].picture.id },
          mask_start: masks[i], mask_end: masks[i + 1], name: called, options: options.value });
      }
      if (slots.length === 2) location.hash = `#/job/${made.id}`;
      else window.dispatchEvent(new HashChangeEvent("hashchange"));
    } catch (error) {
      tell(error.message);
      make.textContent = "Make it move";
      changed();
    }
  } }, row, h("div", { class: "row go level" }, h("button", { type: "button", onclick: () => place() }, "Add a picture"), several),
  h("h2", {}, "How much work"), options.element,
  h("div", { class: "row go" }, h("label", { class: "field name" }, "Name", name), make));
  const paste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) overflow(null, files);
  };
  document.addEventListener("paste", paste);
  const gallery = h("div", { class: "gallery" });
  show(h("h1", {}, "Two pictures in, motion out"),
    h("p", { class: "lead" }, "Show one object in two states, from one camera. The studio imagines what happens in between and gives it a body that plays."),
    form, h("section", { "aria-labelledby": "earlier" }, h("h2", { id: "earlier" }, "Earlier runs"), gallery));

  let gone = false;
  const refresh = async () => {
    if (gone) return;
    try { fill(gallery, (await ask("GET", "/v1/jobs?limit=60")).jobs); } catch (error) { tell(error.message); }
    setTimeout(refresh, 5000);
  };
  await refresh();
  return () => { gone = true; document.removeEventListener("paste", paste); };
}

let shown = "";
function fill(gallery, jobs) {
  const now = JSON.stringify(jobs.map(({ id, state, progress }) => [id, state, progress]));
  if (now === shown && gallery.childElementCount) return;
  shown = now;
  if (!jobs.length) { gallery.replaceChildren(h("p", { class: "quiet" }, "Nothing yet. What you make stays here, also after a restart.")); return; }
  gallery.replaceChildren(...jobs.map((made) => {
    const name = made.name || `Run ${made.id.slice(0, 6)}`;
    const state = made.state === "running" ? `${Math.round(100 * made.progress)} %` : STATES[made.state];
    return h("a", { class: "card tile", href: `#/job/${made.id}` },
      h("div", { class: "pair" }, ["start", "end"].map((role) => h("img", { src: `${job(made.id)}/inputs/${role}`, alt: "", loading: "lazy" }))),
      h("div", {}, h("b", {}, name), h("span", { class: `quiet state ${made.state}` }, `${state}, ${made.options.preset}`), h("br"), h("span", { class: "quiet" }, when(made.created))));
  }));
}
