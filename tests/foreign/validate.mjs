// Prints what the Khronos validator says of a glTF file, as JSON.
import { readFile } from "node:fs/promises";
import { validateBytes } from "gltf-validator";

const report = await validateBytes(new Uint8Array(await readFile(process.argv[2])), { maxIssues: 0 });
console.log(JSON.stringify(report));
