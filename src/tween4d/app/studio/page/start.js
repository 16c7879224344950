// The first page: two pictures, options, and what was made before.

import { ask, job } from "/page/api.js";
import { h, show, STATES, tell, when } from "/page/dom.js";
import { Options } from "/page/options.js";
import { Slot } from "/page/slot.js";

export async function showStart(about) {
  const make = h("button", { class: "primary", disabled: true }, "Make it move");
  const slots = [];
  const changed = () => { make.disabled = slots.length < 2 || slots.some((slot) => !slot.picture); };
  const overflow = (from, files) => slots.find((slot) => slot !== from && !slot.picture)?.take(files);
  slots.push(new Slot("Start picture", changed, overflow), new Slot("End picture", changed, overflow));
  const options = new Options(about);
  const name = h("input", { maxlength: 80, placeholder: "optional" });
  const form = h("form", { class: "go", onsubmit: async (event) => {
    event.preventDefault();
    make.disabled = true;
    make.textContent = "Sending";
    try {
      const [start, end] = slots;
      const [maskStart, maskEnd] = [await start.mask(), await end.mask()];
      const made = await ask("POST", "/v1/jobs", { start: { picture: start.picture.id }, end: { picture: end.picture.id },
        mask_start: maskStart, mask_end: maskEnd, name: name.value, options: options.value });
      location.hash = `#/job/${made.id}`;
    } catch (error) {
      tell(error.message);
      make.textContent = "Make it move";
      changed();
    }
  } }, h("div", { class: "two slots" }, slots.map((slot) => slot.element)),
  h("h2", {}, "How much work"), options.element,
  h("div", { class: "row go" }, h("label", { class: "field name" }, "Name", name), make));
  const paste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) slots.find((slot) => !slot.picture)?.take(files, overflow);
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
