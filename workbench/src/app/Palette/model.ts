/** Something that one can go to. */
export interface Place {
  label: string
  /** What it is: `Page`, `Flow`, `Run`. */
  what: string
  to: string
}

const RUN_ID = /^[0-9a-f]{6,64}$/

/** The places that a text means, the best first: what begins with it, then what has it anywhere. */
export function placesFor(text: string, places: readonly Place[], limit = 12): Place[] {
  const wanted = text.trim().toLowerCase()
  const ranked = places
    .map((place) => ({ place, at: place.label.toLowerCase().indexOf(wanted) }))
    .filter(({ at }) => at >= 0)
    .sort((one, other) => Number(one.at > 0) - Number(other.at > 0))
    .map(({ place }) => place)
  const run = RUN_ID.test(wanted)
    ? [{ label: `Runs with ${wanted} in their id`, what: 'Search', to: `/runs?text=${wanted}` }]
    : []
  return [...run, ...ranked].slice(0, limit)
}
