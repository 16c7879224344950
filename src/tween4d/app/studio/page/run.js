// One run: watched while it is made, played when it is done, sent on, made again.

import { ask, job } from "/page/api.js";
import { duration, h, megabytes, show, STATES, tell, when } from "/page/dom.js";
import { showExports } from "/page/exports.js";
import { Options } from "/page/options.js";
import { Remask } from "/page/slot.js";

const STAGES = {
  matte_images: ["Matte", "The object without its background"], imagine_motion: ["Motion", "Guiding video"],
  select_fragments: ["Fragments", "Keyframes"], imagine_views: ["Views", "Other sides"],
  reconstruct_keyframes: ["Reconstruct", "First 3D"], fit_motion: ["Deform", "Each clip in motion"], merge_clips: ["Merge", "The whole, from three sides over time"],
};

export async function showRun(id, about) {
  let made = await ask("GET", job(id));
  const name = () => made.name || `Run ${id.slice(0, 6)}`;
  const state = h("span", { role: "status" });
  const actions = h("div", { class: "row" });
  const bar = h("progress", { max: 1, "aria-label": "Progress" });
  const result = h("div", {}), shows = h("div", { class: "shows" }), notes = h("div", {});
  const list = h("ul", { class: "stages card" }, Object.entries(STAGES).map(([stage, [word]]) =>
    h("li", { "data-stage": stage }, h("span", { class: "mark", "aria-hidden": "true" }), h("span", {}, word), h("span", { class: "quiet" }))));
  show(h("h1", {}, name()), h("div", { class: "row between" }, state, actions), bar, result,
    h("section", { "aria-labelledby": "stages" }, h("h2", { id: "stages" }, "Stage by stage"), h("div", { class: "watching" }, h("div", {}, list, notes), shows)),
    again(made, about));
  const view = { film: null, keyframes: null, shows, id };

  function update() {
    state.className = `state ${made.state}`;
    const spent = made.finished && made.started ? ` in ${duration(made.finished - made.started)}` : "";
    state.textContent = `${made.cancelling && made.state === "running" ? "Stopping" : STATES[made.state]}${made.state === "done" ? spent : ""}, ${made.options.preset}, seed ${made.options.seed}, ordered ${when(made.created)}`;
    bar.value = made.progress;
    bar.hidden = !["queued", "running"].includes(made.state);
    actions.replaceChildren(["queued", "running"].includes(made.state)
      ? h("button", { class: "danger", onclick: () => act("POST", `${job(id)}/cancel`) }, "Cancel")
      : h("button", { class: "danger", onclick: remove }, "Delete"));
    if (made.error) result.replaceChildren(h("p", { class: "error", role: "alert" }, [made.error.what, made.error.got && ` (${made.error.got})`, made.error.remedy && `; ${made.error.remedy}`]));
    if (made.state === "done" && !result.childElementCount) result.replaceChildren(player(made), facts(made), showExports(id));
  }

  async function act(method, path) { try { await ask(method, path); made = await ask("GET", job(id)); update(); } catch (error) { tell(error.message); } }
  async function remove() {
    if (!confirm(`Delete "${name()}" and all its files?`)) return;
    try { await ask("DELETE", job(id)); location.hash = "#/"; } catch (error) { tell(error.message); }
  }

  const events = new EventSource(`${job(id)}/events`);
  const on = (kind, act) => events.addEventListener(kind, (event) => act(JSON.parse(event.data)));
  const row = (stage) => list.querySelector(`[data-stage="${CSS.escape(stage)}"]`);
  on("stage_started", ({ stage, index, count }) => {
    for (const other of list.children) other.classList.remove("now");
    row(stage)?.classList.add("now");
    row(stage)?.setAttribute("aria-current", "step");
    made.progress = index / count;
    made.state = "running";
    update();
  });
  on("stage_progress", ({ stage, fraction, message }) => { const place = row(stage); if (place) place.lastChild.textContent = `${Math.round(100 * fraction)} % ${message}`; });
  on("stage_finished", (told) => {
    const place = row(told.stage);
    if (!place) return;
    place.className = "done";
    place.removeAttribute("aria-current");
    place.lastChild.textContent = told.reused ? "reused" : duration(told.seconds);
    if (told.film) view.film = told.film;
    if (told.keyframes) view.keyframes = told.keyframes;
    picture(view, told);
  });
  on("note", ({ message, warning }) => notes.append(h("p", { class: "quiet go" }, `${warning ? "Warning" : "Note"}: ${message}`)));
  on("resumed", () => notes.append(h("p", { class: "quiet go" }, "A worker ended; another one went on from the finished stages.")));
  for (const kind of ["running", "cancelling", "queued"]) on(kind, async () => { made = await ask("GET", job(id)); update(); });
  for (const kind of ["done", "failed", "cancelled"]) on(kind, async () => { events.close(); for (const other of list.children) other.classList.remove("now"); made = await ask("GET", job(id)); update(); });
  update();
  return () => events.close();
}

function picture(view, { stage, view: name }) {
  const place = (key, title, ...content) => {
    const earlier = view.shows.querySelector(`[data-key="${key}"]`);
    const card = h("section", { class: "card show", "data-key": key, "aria-label": title }, h("h3", {}, title), content);
    earlier ? earlier.replaceWith(card) : view.shows.prepend(card);
  };
  if (view.film && ["imagine_motion", "select_fragments"].includes(stage)) place("film", view.keyframes ? "Guiding video and keyframes" : "Guiding video", film(view));
  else if (name) place(stage, STAGES[stage][1], h("img", { src: `${job(view.id)}/views/${name}`, alt: STAGES[stage][1] }));
}

// The film is one picture of square frames side by side; a keyframe that is not among them marks its neighbour.
function film({ film: { shown, frames }, keyframes, id }) {
  const nearest = new Map((keyframes ?? []).map((frame) => [shown.reduce((best, at) => Math.abs(at - frame) < Math.abs(best - frame) ? at : best), frame]));
  const strip = h("div", { class: "film", tabindex: 0, role: "group", "aria-label": `${frames} frames, ${shown.length} shown` });
  const image = new Image();
  image.onload = () => strip.replaceChildren(...shown.map((frame, index) => {
    const side = image.naturalHeight, canvas = h("canvas", { width: side, height: side, role: "img", "aria-label": `Frame ${frame}` });
    canvas.getContext("2d").drawImage(image, index * side, 0, side, side, 0, 0, side, side);
    return h("figure", { class: nearest.has(frame) ? "key" : "" }, canvas, nearest.has(frame) ? `key ${nearest.get(frame)}` : String(frame));
  }));
  image.src = `${job(id)}/views/film`;
  return strip;
}

function player({ id }) {
  const inputs = ["start", "end"].map((role) => h("figure", { class: "card" },
    h("img", { src: `${job(id)}/inputs/${role}`, alt: `The ${role} picture` }), h("figcaption", {}, role === "start" ? "Start" : "End")));
  return h("div", { class: "play" }, h("iframe", { src: `${job(id)}/player`, title: "The asset, playing", sandbox: "allow-scripts", allow: "fullscreen" }), h("div", { class: "inputs" }, inputs));
}

function facts({ result, bytes }) {
  const rows = [["Gaussians", result.gaussians.toLocaleString()], ["Frames", result.frames], ["Clips", result.clips], ["Asset", megabytes(result.bytes)],
    ["Inputs given back", `${result.endpoint_psnr.start.toFixed(1)}, ${result.endpoint_psnr.end.toFixed(1)} dB`], ["Peak memory", megabytes(result.peak_memory)], ["On disk", megabytes(bytes)]];
  return h("dl", { class: "facts card" }, rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, String(value)))));
}

function again(made, about) {
  const start = h("p", { class: "quiet", role: "status" });
  const button = h("button", { class: "primary" }, "Make again");
  const order = Object.keys(STAGES);
  const tell_start = () => {
    const touched = [...options.touched, ...masks.filter(({ editor }) => editor?.edited).map(() => "matte_images")];
    const first = order[Math.min(...touched.map((stage) => order.indexOf(stage)))];
    start.textContent = !first ? "Nothing is changed yet." : first === order[0] ? "Begins again at the first stage." : `Begins again at ${STAGES[first][0].toLowerCase()}; what comes before is reused.`;
  };
  const options = new Options(about, made.options, () => tell_start());
  const masks = ["start", "end"].map((role) => new Remask(made, role));
  const mattes = h("details", { ontoggle: () => {
    if (mattes.open && !mattes.dataset.asked) { mattes.dataset.asked = "yes"; for (const mask of masks) mask.open(); }
  } }, h("summary", {}, "Mattes"), h("div", { class: "two slots" }, masks.map(({ element }) => element)));
  const form = h("form", { class: "go", onsubmit: async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const [mask_start, mask_end] = [await masks[0].mask(), await masks[1].mask()];
      location.hash = `#/job/${(await ask("POST", `${job(made.id)}/again`, { options: options.value, mask_start, mask_end })).id}`;
    } catch (error) { tell(error.message); button.disabled = false; }
  } }, options.element, mattes, h("div", { class: "row go level" }, button, start));
  for (const kind of ["pointerup", "keyup", "input", "click"]) form.addEventListener(kind, () => setTimeout(tell_start));
  tell_start();
  return h("section", { "aria-labelledby": "again" }, h("h2", { id: "again" }, "Change something and make it again"),
    h("p", { class: "lead" }, "Stages that still hold are reused."), form);
}
