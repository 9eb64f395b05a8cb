// Bundles each component into pages/assets, with the licences of what it contains, and records in
// manifest.json what it was made from.
//
// `npm ci && npm run build`. The manifest's `sources` is the SHA-256 over the build's inputs (each
// path, a NUL, its text, a NUL; in order of path), so that a test can compare bundle and sources
// without npm.

import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

import { build } from "esbuild"

const ASSETS = join("..", "assets")
const COMPONENTS = ["code-editor", "command-palette", "workflow-canvas"]
const SHARED_INPUTS = ["build.mjs", "package-lock.json", "package.json"]

function inputsOf(component) {
  const own = readdirSync(component, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).replaceAll("\\", "/"))
  return [...own, ...SHARED_INPUTS].sort()
}

function hashOfInputs(component) {
  const hash = createHash("sha256")
  for (const path of inputsOf(component)) hash.update(`${path}\0${readFileSync(path, "utf8")}\0`)
  return hash.digest("hex")
}

async function bundle(component) {
  const outfile = join(ASSETS, `${component}.js`)
  const { metafile } = await build({
    entryPoints: [join(component, "index.js")],
    outfile,
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    jsx: "automatic",
    // A component lives in a shadow root, so its styles travel inside the script.
    loader: { ".css": "text" },
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    metafile: true,
  })
  writeFileSync(join(ASSETS, `${component}.LICENSES.txt`), licencesOf(Object.keys(metafile.inputs)))
  const digest = createHash("sha256").update(readFileSync(outfile)).digest("hex")
  return { sources: hashOfInputs(component), bundle: digest }
}

function licencesOf(inputs) {
  const packages = inputs.map((path) => path.match(/^node_modules\/(@[^/]+\/[^/]+|[^/]+)/)?.[1])
  return [...new Set(packages.filter(Boolean))].sort().map(licenceOf).join("\n\n")
}

function licenceOf(name) {
  const folder = join("node_modules", name)
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const file = ["LICENSE", "LICENSE.md"].map((base) => join(folder, base)).find(existsSync)
  return `${name} ${version} (${license})\n\n${file ? readFileSync(file, "utf8").trim() : ""}\n`
}

mkdirSync(ASSETS, { recursive: true })
const manifest = {}
for (const component of COMPONENTS) manifest[component] = await bundle(component)
writeFileSync(join(ASSETS, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`)
