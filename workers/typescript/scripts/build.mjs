// What the compiler leaves to do: the part of the package that CommonJS steps and tests require,
// `dist/cjs`, and a way for the package to name itself.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const target = join(dist, 'cjs')

// Below a package.json that says "commonjs", TypeScript reads the same declarations as CommonJS modules'.
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
  entryPoints: ['src/index.ts', 'src/client/index.ts', 'src/testing/index.ts'],
  outdir: 'dist/cjs',
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
})

// `motia.d.ts` names this package by its name. Where it is used in place, through a link, and not from
// a `node_modules` folder, TypeScript's older resolution finds it only if there is one around it.
const self = join(root, 'node_modules', 'wistro')
if (!existsSync(self)) symlinkSync('..', self, 'dir')
