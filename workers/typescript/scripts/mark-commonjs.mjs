// `dist/cjs` is the part of the package that CommonJS steps require: Node reads its files as such
// only below a package.json that says so.
import { writeFileSync } from 'node:fs'

writeFileSync(new URL('../dist/cjs/package.json', import.meta.url), '{"type":"commonjs"}\n')
