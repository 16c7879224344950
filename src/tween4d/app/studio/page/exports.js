// The asset in other formats: written when asked for, then fetched.

import { ask, job } from "/page/api.js";
import { h, megabytes, tell } from "/page/dom.js";

export function showExports(id) {
  const list = h("ul", { class: "exports card" });
  const asset = h("li", {}, h("span", {}, h("b", {}, "t4d"), h("span", {}, "the asset itself")), h("a", { class: "button", href: `${job(id)}/asset`, download: "" }, "Download"));
  const refresh = async () => {
    try {
      const formats = await ask("GET", `${job(id)}/exports`);
      list.replaceChildren(asset, ...formats.map((format) => row(id, format, refresh)));
      if (list.isConnected && formats.some(({ state }) => ["queued", "running"].includes(state))) setTimeout(refresh, 700);
    } catch (error) { tell(error.message); }
  };
  refresh();
  return h("section", { "aria-labelledby": "exports" }, h("h2", { id: "exports" }, "Download"), list);
}

function row(id, { format, label, state, bytes, problem }, refresh) {
  let action;
  if (state === "done") action = h("a", { class: "button", href: `${job(id)}/exports/${format}`, download: "", "aria-label": `Download ${format}` }, `Download, ${megabytes(bytes)}`);
  else if (["queued", "running"].includes(state)) action = h("span", { class: "quiet", role: "status" }, "Writing");
  else action = h("button", { type: "button", "aria-label": `Write ${format}`, onclick: async (event) => {
    event.target.disabled = true;
    try { await ask("POST", `${job(id)}/exports`, { format }); } catch (error) { tell(error.message); }
    refresh();
  } }, state === "failed" ? "Try again" : "Write");
  return h("li", {}, h("span", {}, h("b", {}, format), h("span", {}, label, problem && h("span", { class: "error" }, ` ${problem.what}`))), action);
}
