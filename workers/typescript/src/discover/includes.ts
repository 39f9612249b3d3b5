/** The files that a step's `includeFiles` names. */
import { readdirSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

/** The files that `pattern` (with `*`, `?` and `**`) matches, relative to `folder`. */
export function includedFiles(folder: string, pattern: string): string[] {
  const whole = resolve(folder, pattern)
  if (!/[*?]/.test(pattern)) {
    const found = statSync(whole, { throwIfNoEntry: false })
    return found?.isFile() ? [whole] : found?.isDirectory() ? files(whole) : []
  }
  const parts = whole.split(sep)
  const fixed = parts.slice(
    0,
    parts.findIndex((part) => /[*?]/.test(part)),
  )
  const base = fixed.join(sep) || sep
  const matcher = regExpOf(parts.slice(fixed.length))
  return files(base).filter((file) => matcher.test(relative(base, file).split(sep).join('/')))
}

function regExpOf(parts: readonly string[]): RegExp {
  const text = parts
    .map((part, index) => {
      const last = index === parts.length - 1
      if (part === '**') return last ? '.*' : '(?:[^/]+/)*'
      const name = part
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '[^/]*')
        .replaceAll('?', '[^/]')
      return last ? name : `${name}/`
    })
    .join('')
  return new RegExp(`^${text}$`)
}

function files(folder: string): string[] {
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : files(path)
    return entry.isFile() ? [path] : []
  })
}
