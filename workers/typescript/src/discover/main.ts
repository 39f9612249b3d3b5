/**
 * Describes the step files of a project: `node dist/discover/main.js ROOT`.
 *
 * One JSON document (`Declaration`) goes to stdout; what the step files print goes to stderr.
 *
 * Options: `--progress FILE` writes there which file is being loaded, so that the parent can name the
 * file that took this process down; `--skip PATH` leaves a file out; `--limit SECONDS` bounds the
 * loading of one file.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { discover } from './discover.js'
import { guardProcess, watch } from './guard.js'

/** Seconds that loading one file may take. */
const FILE_LIMIT = '20'
/** The watcher lets the discoverer itself end a file that waits: that is an error like others. */
const WATCHER_MARGIN = 2

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    progress: { type: 'string' },
    skip: { type: 'string', multiple: true, default: [] },
    limit: { type: 'string', default: FILE_LIMIT },
  },
})
const root = resolve(positionals[0] ?? '.')
const limit = Number(values.limit)
const guarded = guardProcess()
const nextTurn = watch(limit + WATCHER_MARGIN)
// Step files may read files relative to their project when they are imported.
process.chdir(root)
try {
  const found = await discover(root, {
    skip: values.skip,
    limit,
    onFile: (path) => {
      if (values.progress !== undefined) writeFileSync(values.progress, path)
      nextTurn()
    },
  })
  await guarded.print(JSON.stringify(found))
  guarded.end(0)
} catch (error) {
  console.error(error)
  guarded.end(1)
}
