/** Hints for names that are not known. */

/** A hint: the closest known word, or all of them. */
export function didYouMean(word: string, known: readonly string[]): string {
  const match = closest(word, known)
  if (match !== undefined) return `did you mean \`${match}\`?`
  if (known.length === 0) return 'there are none'
  return `known are ${known.map((name) => `\`${name}\``).join(', ')}`
}

/** The known word that `word` was probably meant to be. */
export function closest(word: string, known: readonly string[]): string | undefined {
  let found: string | undefined
  let fewest = Math.floor(word.length / 3) + 1
  for (const name of known) {
    const changes = distance(plain(word), plain(name), fewest)
    if (changes < fewest) [found, fewest] = [name, changes]
  }
  return found
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** How many letters must change to make one word of the other (Levenshtein), up to `limit`. */
function distance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) >= limit) return limit
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (const [at, against] of [...other].entries()) {
      const replaced = (row[at] ?? 0) + (letter === against ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? limit
}
