/** Which files of a project are steps and streams, and which are its own. */
import { readdirSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'

/** Where step files are, in a project and in each of its apps. */
const SOURCE_FOLDERS = ['src', 'steps']
const APPS_FOLDER = 'apps'
/** Not `.tsx`: beside a step that is how Motia's workbench draws it. */
const SUFFIX = String.raw`\.[cm]?[jt]s$`
const STEP = new RegExp(`[._]step${SUFFIX}`)
const STREAM = new RegExp(`[._]stream${SUFFIX}`)
const NOT_OURS = new Set(['__pycache__', 'node_modules', 'site-packages', 'venv'])

/** The step and stream files of a project, relative to it with `/`, in the order of their paths. */
export function findFiles(root: string): { steps: string[]; streams: string[] } {
  const paths = [root, ...appFolders(root)]
    .flatMap((owner) => SOURCE_FOLDERS.flatMap((folder) => [...walk(join(owner, folder))]))
    .map((path) => projectPath(path, root))
    .sort()
  return {
    steps: paths.filter((path) => STEP.test(path)),
    streams: paths.filter((path) => STREAM.test(path)),
  }
}

/** A path as it is shown and kept: relative to the project, with `/`. */
export function projectPath(path: string, root: string): string {
  return relative(root, path).split(sep).join('/')
}

/** Whether `path` is a file of the project, rather than of a package installed below it. */
export function isOwn(path: string, root: string): boolean {
  const inside = relative(root, path)
  // Not absolute: a module of Node itself, such as `node:internal/…`.
  if (!isAbsolute(path) || isAbsolute(inside) || inside === '') return false
  return inside.split(sep).every(isOurs)
}

function appFolders(root: string): string[] {
  const place = join(root, APPS_FOLDER)
  return entries(place)
    .filter((entry) => entry.isDirectory() && isOurs(entry.name))
    .map((entry) => join(place, entry.name))
}

function isOurs(name: string): boolean {
  return !NOT_OURS.has(name) && !name.startsWith('.')
}

function* walk(folder: string): Generator<string> {
  for (const entry of entries(folder)) {
    if (entry.isDirectory()) {
      if (isOurs(entry.name)) yield* walk(join(folder, entry.name))
    } else {
      yield join(folder, entry.name)
    }
  }
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
