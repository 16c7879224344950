// Bundles the player, each script with the licences of what it contains. Usage: node build.mjs FOLDER
//   player.js          of the page: unpacks itself, for a page from disk is compressed by nobody else
//   tween4d-player.js  the element <tween4d-player>, which web servers compress
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";

const folder = process.argv[2] ?? "dist";
const options = {
  bundle: true,
  minify: true,
  metafile: true,
  write: false,
  format: "iife",
  target: ["chrome103", "firefox113", "safari16.4"],
  loader: { ".css": "text" },
  legalComments: "none",
  charset: "ascii",
  logLevel: "warning",
  // Spark asks for import.meta.url nowhere at run time; the page has no base address to resolve against.
  define: { "process.env.NODE_ENV": '"production"' },
};

// Spark holds its WebAssembly as base64 in its source. Taken out, it deflates a third better.
const INLINED = /const WASM = decode64\("([A-Za-z0-9+/=]+)"\)\.buffer;/;
let wasm;
const apart = {
  name: "wasm-apart",
  setup(bundler) {
    bundler.onLoad({ filter: /spark\.module\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const found = source.match(INLINED);
      if (!found) throw new Error("Spark holds its WebAssembly elsewhere now: see build.mjs");
      wasm = Buffer.from(found[1], "base64");
      return { contents: source.replace(INLINED, "const WASM = globalThis.tween4dWasm;"), loader: "js" };
    });
  },
};

const page = await build({ ...options, entryPoints: ["src/main.ts"], plugins: [apart] });
const packed = (content) => JSON.stringify(deflateRawSync(content, { level: 9 }).toString("base64"));
const boot = await build({
  ...options,
  entryPoints: ["src/boot.ts"],
  define: { ...options.define, SCRIPT: packed(page.outputFiles[0].contents), WASM: packed(wasm) },
});
const element = await build({ ...options, entryPoints: ["src/embed.ts"] });

await mkdir(folder, { recursive: true });
await writeFile(`${folder}/player.js`, (await notices(page)) + boot.outputFiles[0].text);
await writeFile(`${folder}/tween4d-player.js`, (await notices(element)) + element.outputFiles[0].text);

/** The licences of the packages in a script, as a comment. */
async function notices({ metafile }) {
  const folders = Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/(@[^/]+\/)?[^/]+/)?.[0]);
  const texts = [];
  for (const source of [...new Set(folders)].filter(Boolean).sort()) {
    const { name, version } = JSON.parse(await readFile(`${source}/package.json`, "utf8"));
    texts.push(`${name} ${version}\n\n${(await readFile(`${source}/LICENSE`, "utf8")).trim()}`);
  }
  return `/*\nThis script contains:\n\n${texts.join("\n\n")}\n*/\n`;
}
