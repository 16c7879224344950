// What a browser must have to show an asset.

let answer: string | null | undefined;

/** A sentence for people that says what is missing; null when nothing is. */
export function needs(): string | null {
  if (answer === undefined) answer = find();
  return answer;
}

function find(): string | null {
  const context = document.createElement("canvas").getContext("webgl2");
  // Only some contexts may live at a time.
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  if (!context) {
    return "This page needs WebGL 2, which this browser or graphics driver does not offer. Try a current Chrome, Edge, Firefox or Safari with hardware acceleration switched on.";
  }
  if (!("DecompressionStream" in window)) {
    return "This browser is too old for this page. Try a current Chrome, Edge, Firefox or Safari.";
  }
  return null;
}
