// Builds the part of the package that CommonJS steps and tests require: `dist/cjs`.
//
// Two bundles, and a copy of the declarations: TypeScript reads those below a package.json that says
// "commonjs" as the types of CommonJS modules.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const target = join(dist, 'cjs')

rmSync(target, { recursive: true, force: true })
const files = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.d.ts'))
for (const file of files) {
  const text = readFileSync(join(dist, file), 'utf8')
  mkdirSync(dirname(join(target, file)), { recursive: true })
  // One folder deeper than the original.
  writeFileSync(join(target, file), text.replace('path="../motia.d.ts"', 'path="../../motia.d.ts"'))
}
writeFileSync(join(target, 'package.json'), '{"type":"commonjs"}\n')
await build({
  absWorkingDir: root,
  entryPoints: ['src/index.ts', 'src/testing/index.ts'],
  outdir: 'dist/cjs',
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
})
