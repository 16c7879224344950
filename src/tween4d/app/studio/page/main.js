// Which page is shown, by what stands behind the #.

import { ask, login } from "/page/api.js";
import { h, megabytes, show } from "/page/dom.js";
import { showRun } from "/page/run.js";
import { showStart } from "/page/start.js";

let leave = () => {};
let turn = 0;

async function route() {
  const mine = ++turn;
  leave();
  leave = () => {};
  try {
    const about = await known();
    const found = /^#\/job\/([0-9a-f]{20})$/.exec(location.hash);
    const left = found ? await showRun(found[1], about) : await showStart(about);
    if (mine === turn) leave = left; else left();
    window.scrollTo(0, 0);
  } catch (error) {
    show(h("h1", {}, "This cannot be shown"), h("p", { class: "error", role: "alert" }, error.message), h("p", { class: "go" }, h("a", { class: "button", href: "#/" }, "Back")));
  }
}

async function known() {
  try {
    const about = await ask("GET", "/v1/about");
    const { used, quota } = about.disk;
    document.getElementById("disk").textContent = quota ? `${megabytes(used)} of ${megabytes(quota)} used` : `${megabytes(used)} used`;
    return about;
  } catch (error) {
    if (error.status !== 401) throw error;
    await login();
    return known();
  }
}

window.addEventListener("hashchange", () => { if (location.hash.startsWith("#/") || !location.hash) { route(); document.getElementById("main").focus(); } });
route();
