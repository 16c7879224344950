// Bundles the player into one script that carries the licences of what it bundles. Usage: node build.mjs OUTPUT
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const output = process.argv[2] ?? "dist/player.js";

const { metafile } = await build({
  entryPoints: ["src/main.ts"],
  outfile: output,
  bundle: true,
  minify: true,
  metafile: true,
  format: "iife",
  target: ["chrome100", "firefox113", "safari16.4"],
  loader: { ".css": "text", ".wasm": "binary" },
  legalComments: "none",
  charset: "ascii",
  logLevel: "warning",
  // Spark asks for import.meta.url nowhere at run time; the page has no base address to resolve against.
  define: { "process.env.NODE_ENV": '"production"' },
});

const folders = Object.keys(metafile.inputs).map((path) => path.match(/^node_modules\/(@[^/]+\/)?[^/]+/)?.[0]);
const notices = [];
for (const folder of [...new Set(folders)].filter(Boolean).sort()) {
  const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  notices.push(`${name} ${version}\n\n${(await readFile(`${folder}/LICENSE`, "utf8")).trim()}`);
}
await writeFile(output, `/*\nThis script contains:\n\n${notices.join("\n\n")}\n*/\n${await readFile(output, "utf8")}`);
