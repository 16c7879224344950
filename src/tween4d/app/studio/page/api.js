// The REST interface, as everybody else may use it.

export class Refused extends Error {
  constructor(status, problem) {
    const got = problem.got ? ` (${problem.got})` : "";
    super(problem.remedy ? `${problem.what}${got}; ${problem.remedy}` : `${problem.what}${got}`);
    this.status = status;
  }
}

export async function ask(method, path, body) {
  const form = body instanceof FormData;
  const answer = await fetch(path, {
    method,
    body: body === undefined ? undefined : form ? body : JSON.stringify(body),
    headers: body === undefined || form ? {} : { "Content-Type": "application/json" },
  });
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, told.error ?? { what: `the server answers with ${answer.status}` });
  return told;
}

export const job = (id) => `/v1/jobs/${id}`;

export function upload(file, name, matte = true) {
  const form = new FormData();
  form.append("file", file, name);
  form.append("matte", String(matte));
  return ask("POST", "/v1/pictures", form);
}

export async function login() {
  const { h } = await import("/page/dom.js");
  return new Promise((resolve) => {
    const field = h("input", { type: "password", id: "key", autocomplete: "current-password", required: true });
    const told = h("p", { class: "error", role: "alert" });
    const dialog = h("dialog", { "aria-labelledby": "login" },
      h("h2", { id: "login", class: "quiet" }, "This studio asks for a key"),
      h("form", { onsubmit: async (event) => {
        event.preventDefault();
        try { await ask("POST", "/session", { key: field.value }); dialog.close(); dialog.remove(); resolve(); }
        catch (error) { told.textContent = error.message; }
      } }, h("label", { class: "field", for: "key" }, "Key", field), told, h("p", { class: "go" }, h("button", { class: "primary" }, "Enter"))));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}
