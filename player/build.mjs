// Bundles the player into one script. Usage: node build.mjs OUTPUT
import { build } from "esbuild";

const output = process.argv[2] ?? "dist/player.js";

await build({
  entryPoints: ["src/main.ts"],
  outfile: output,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox113", "safari16.4"],
  loader: { ".css": "text", ".wasm": "binary" },
  legalComments: "inline",
  charset: "ascii",
  logLevel: "warning",
  // Spark asks for import.meta.url nowhere at run time; the page has no base address to resolve against.
  define: { "process.env.NODE_ENV": '"production"' },
});
