// What may be set for a run, with what it takes on this machine and under which licences.

import { duration, h, megabytes } from "/page/dom.js";

const PRESETS = { draft: "To see whether the motion is right", standard: "For most uses", fine: "Larger pictures, more Gaussians" };
const SETS = { embedded: "Has learned; ships with tween4d", classical: "Made by hand, no network", pretrained: "Downloaded models" };

export class Options {
  constructor(about, set = {}) {
    const expected = about.expected.presets;
    const presets = Object.keys(PRESETS).map((name) => {
      const { seconds, memory, runs } = expected[name];
      const source = runs ? `as ${runs === 1 ? "one run" : `${runs} runs`} took here` : "on two cores, a guess here";
      return choice("preset", name, (set.preset ?? "standard") === name, name[0].toUpperCase() + name.slice(1), `${duration(seconds)}`, `${PRESETS[name]}. ${megabytes(memory)}, ${source}.`);
    });
    const sets = about.priors.map(({ name, members }) => {
      const licences = members.map((member) => `${member.name} (${member.licence})`).join(", ");
      return choice("priors", name, (set.priors ?? "embedded") === name, name[0].toUpperCase() + name.slice(1), "", `${SETS[name] ?? ""}. ${licences}`);
    });
    this.seed = number("Seed", { min: 0, max: 2147483647, step: 1, value: set.seed ?? 0 });
    this.frames = number("Frames", { min: 5, max: 512, step: 1, value: set.frames ?? "", placeholder: "the preset's" });
    this.fov = number("Field of view, degrees", { min: 2, max: 119, step: "any", value: set.fov ?? 33.8 });
    this.azimuth = number("Front points to, degrees", { min: -360, max: 360, step: "any", value: set.facing?.azimuth ?? "", placeholder: "found" });
    const free = megabytes(about.expected.memory_available);
    this.element = h("div", {},
      h("fieldset", {}, h("legend", { class: "quiet" }, `Preset (${free} of memory are free)`), h("div", { class: "presets" }, presets)),
      h("details", { open: Object.keys(set).length > 0 && (set.priors !== "embedded" || set.seed !== 0) },
        h("summary", {}, "More options"),
        h("div", { class: "fields" }, [this.seed, this.frames, this.fov, this.azimuth].map((field) => field.parentElement)),
        h("fieldset", { class: "go" }, h("legend", { class: "quiet" }, "What imagines the rest"), h("div", { class: "presets sets" }, sets))));
  }

  get value() {
    const chosen = (name) => this.element.querySelector(`input[name="${name}"]:checked`).value;
    const optional = (field) => field.value === "" ? null : Number(field.value);
    return { preset: chosen("preset"), priors: chosen("priors"), seed: Number(this.seed.value), frames: optional(this.frames), fov: Number(this.fov.value), facing: this.azimuth.value === "" ? null : { azimuth: Number(this.azimuth.value) } };
  }
}

function choice(group, value, checked, title, aside, text) {
  return h("label", { class: "card choice" }, h("input", { type: "radio", name: group, value, checked }),
    h("b", {}, title, h("span", {}, aside)), h("span", { class: "quiet" }, text));
}

function number(label, attributes) {
  const field = h("input", { type: "number", ...attributes });
  h("label", { class: "field" }, label, field);
  return field;
}
