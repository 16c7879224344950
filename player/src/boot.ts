// The first script of a page: unpacks the player, which lies in it deflated, and runs it.

declare const SCRIPT: string;
declare const WASM: string;

async function unpacked(text: string): Promise<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer();
}

async function boot(): Promise<void> {
  const [script, wasm] = await Promise.all([unpacked(SCRIPT), unpacked(WASM)]);
  (window as any).tween4dWasm = wasm;
  const element = document.createElement("script");
  element.textContent = new TextDecoder().decode(script);
  document.head.append(element);
  // The script has put its own promise there.
  return (window as any).tween4d.ready;
}

const ready = "DecompressionStream" in window ? boot() : Promise.reject(new Error("no DecompressionStream"));
// Not `??=`: until it is set, the name means the element of that id.
(window as any).tween4d = { ready };
ready.catch(() => {
  if (document.querySelector(".failure")) return;
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "alert");
  sentence.textContent = "This browser is too old for this page. Try a current Chrome, Edge, Firefox or Safari.";
  document.body.append(sentence);
});
