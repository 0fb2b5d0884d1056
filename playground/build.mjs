// Bundles GraphiQL, its editor and its workers into the folder named on the command line.
// File names contain a hash of the content, so that browsers can cache them forever.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { build } from "esbuild";

const BASE = "/playground/";
const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.resolve(process.argv[2] ?? path.join(here, "build"));
const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  outdir,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: BASE,
  target: "es2022",
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "file" },
};

function builtNames(result) {
  const names = {};
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint) names[path.basename(output.entryPoint)] = BASE + path.basename(file);
    if (output.cssBundle) names.css = BASE + path.basename(output.cssBundle);
  }
  return names;
}

async function compress(name) {
  const bytes = await readFile(path.join(outdir, name));
  const packed = await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION });
  if (packed.length < bytes.length) await writeFile(path.join(outdir, `${name}.gz`), packed);
}

await mkdir(outdir, { recursive: true });
const workers = builtNames(
  await build({
    ...shared,
    format: "iife",
    entryPoints: [
      "monaco-editor/esm/vs/editor/editor.worker.js",
      "monaco-editor/esm/vs/language/json/json.worker.js",
      "monaco-graphql/esm/graphql.worker.js",
    ],
  }),
);
const page = builtNames(
  await build({
    ...shared,
    format: "esm",
    jsx: "automatic",
    entryPoints: ["src/main.jsx"],
    define: { ...shared.define, WORKERS: JSON.stringify(workers) },
  }),
);
const html = (await readFile(path.join(here, "src", "index.html"), "utf8"))
  .replace("{{script}}", page["main.jsx"])
  .replace("{{style}}", page.css);
await writeFile(path.join(outdir, "index.html"), html);
await Promise.all((await readdir(outdir)).map(compress));
