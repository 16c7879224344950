// What may be set for a run, with what it takes on this machine and under which licences.

import { duration, h, megabytes } from "/page/dom.js";

const PRESETS = { draft: "To see whether the motion is right", standard: "For most uses", fine: "Larger pictures, more Gaussians" };
const SETS = { embedded: "Has learned; ships with tween4d", classical: "Made by hand, no network", pretrained: "Downloaded models" };
const ROLES = { matter: "matte", inbetweener: "motion", multiview: "sides" };
const FRAGMENTS = [["", "the preset's"], ["auto", "as many as it takes"], ["1", "1"], ["2", "2"], ["4", "4"], ["8", "8"]];

// The first stage that sees an option. What differs only later is not made again before.
const FIRST = { priors: "matte_images", fov: "matte_images", preset: "imagine_motion", seed: "imagine_motion", frames: "imagine_motion",
  inbetweener: "matte_images", prompt: "imagine_motion", fragments: "select_fragments", multiview: "matte_images", facing: "imagine_views" };

export class Options {
  constructor(about, set = {}, changed = () => {}) {
    this.set = set;
    const expected = about.expected.presets;
    const presets = Object.keys(PRESETS).map((name) => {
      const { seconds, memory, runs } = expected[name];
      const source = runs ? `as ${runs === 1 ? "one run" : `${runs} runs`} took here` : "on two cores, a guess here";
      return choice("preset", name, (set.preset ?? "standard") === name, name[0].toUpperCase() + name.slice(1), duration(seconds), `${PRESETS[name]}. ${megabytes(memory)}, ${source}.`);
    });
    const sets = about.priors.map(({ name, members }) =>
      choice("priors", name, (set.priors ?? "embedded") === name, name[0].toUpperCase() + name.slice(1), "", `${SETS[name] ?? ""}.`, members.map(described)));
    this.seed = number("Seed", { min: 0, max: 2147483647, step: 1, value: set.seed ?? 0 });
    this.frames = number("Frames", { min: 5, max: 512, step: 1, value: set.frames ?? "", placeholder: "the preset's" });
    this.fov = number("Field of view, degrees", { min: 2, max: 119, step: "any", value: set.fov ?? 33.8 });
    this.azimuth = number("Front points to, degrees", { min: -360, max: 360, step: "any", value: set.facing?.azimuth ?? "", placeholder: "found" });
    this.fragments = select("Pieces of the motion", FRAGMENTS, set.fragments ?? "");
    this.prompt = h("input", { maxlength: 500, value: set.prompt ?? "", placeholder: "for priors that read" });
    const told = h("p", { class: "quiet", role: "status" });
    const named = (role) => [["", "as in the set"], ...about.all_priors.filter((prior) => prior.role === role).map(({ name, licence }) => [name, `${name} (${licence})`])];
    this.inbetweener = select("Motion imagined by", named("inbetweener"), set.inbetweener ?? "");
    this.multiview = select("Sides imagined by", named("multiview"), set.multiview ?? "");
    const describe = () => told.replaceChildren(...[this.inbetweener, this.multiview].filter((field) => field.value).flatMap((field) =>
      [described(about.all_priors.find((prior) => prior.name === field.value)), h("br")]));
    const free = megabytes(about.expected.memory_available);
    this.element = h("div", { oninput: () => { describe(); changed(); } },
      h("fieldset", {}, h("legend", { class: "quiet" }, `Preset (${free} of memory are free)`), h("div", { class: "presets" }, presets)),
      h("details", { open: Object.keys(set).some((name) => name in FIRST && name !== "preset" && !same(set[name], USUAL[name])) },
        h("summary", {}, "More options"),
        h("div", { class: "fields" }, [this.seed, this.frames, this.fragments, this.fov, this.azimuth].map((field) => field.parentElement)),
        h("fieldset", { class: "go" }, h("legend", { class: "quiet" }, "What imagines the rest"), h("div", { class: "presets sets" }, sets)),
        h("div", { class: "fields wide go" }, this.inbetweener.parentElement, this.multiview.parentElement, h("label", { class: "field" }, "What happens, in words", this.prompt)), told));
    describe();
  }

  get value() {
    const chosen = (name) => this.element.querySelector(`input[name="${name}"]:checked`).value;
    const optional = (field) => field.value === "" ? null : Number(field.value);
    return { preset: chosen("preset"), priors: chosen("priors"), seed: Number(this.seed.value), frames: optional(this.frames), fov: Number(this.fov.value),
      facing: this.azimuth.value === "" ? null : { azimuth: Number(this.azimuth.value), elevation: this.set.facing?.elevation ?? null },
      fragments: this.fragments.value || null, inbetweener: this.inbetweener.value || null, multiview: this.multiview.value || null, prompt: this.prompt.value };
  }

  // The stages whose input differs from what these options began with.
  get touched() {
    const now = this.value, before = { ...USUAL, ...this.set };
    return Object.keys(FIRST).filter((name) => !same(now[name], before[name])).map((name) => FIRST[name]);
  }
}

const USUAL = { preset: "standard", priors: "embedded", seed: 0, frames: null, fov: 33.8, facing: null, fragments: null, inbetweener: null, multiview: null, prompt: "" };
const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

// A prior with its licence and, for a downloaded one, what this machine can do with it.
function described({ role, name, licence, missing, expected }) {
  let text = `${ROLES[role]}: ${name}, ${licence}`;
  if (missing.length) text += `; needs ${missing.join(", ")}`;
  if (expected) {
    const minutes = Object.values(expected.minutes).some(Boolean) && expected.fits ? `, about ${duration(60 * expected.minutes.standard)}` : "";
    text += `; about ${expected.memory_gb} GB${minutes}: ${expected.fits ? "fits" : "does not fit"} here${expected.here ? "" : ", weights not here"}`;
  }
  return h("span", { class: "quiet line" }, text);
}

function choice(group, value, checked, title, aside, text, lines = []) {
  return h("label", { class: "card choice" }, h("input", { type: "radio", name: group, value, checked }),
    h("b", {}, title, h("span", {}, aside)), h("span", { class: "quiet" }, text), lines);
}

function number(label, attributes) {
  const field = h("input", { type: "number", ...attributes });
  h("label", { class: "field" }, label, field);
  return field;
}

function select(label, entries, chosen) {
  const field = h("select", {}, entries.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
  h("label", { class: "field" }, label, field);
  return field;
}
