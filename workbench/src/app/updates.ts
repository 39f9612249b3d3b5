/** The server may be away, or have another build than the one that this page is of: what is fetched next is not to be had then. */

const LAST = 'wistro.reloaded'
const AT_MOST_EVERY_MS = 30_000
const ASK_EVERY_MS = 1_000

/** Why parts of the page could not be fetched. */
const lost = new WeakSet<object>()

/** Loads the page anew when a part of it is gone, if the server is there and that was not just tried. */
export function followUpdates(): void {
  window.addEventListener('vite:preloadError', ({ payload }) => {
    lost.add(payload)
    if (wasJustTried()) return
    void isThere().then((there) => {
      if (there) loadAnew() // else what is shown stays
    })
  })
}

/** Whether a page broke because a part of it could not be fetched. */
export function isLost(error: unknown): boolean {
  return typeof error === 'object' && error !== null && lost.has(error)
}

/** Loads the page anew once a server that is away is there again; returns how to stop waiting for that. */
export function loadOnceBack(): () => void {
  let away = !wasJustTried() // then the server was there, and the part is gone for good
  const timer = setInterval(() => {
    void isThere().then((there) => {
      if (there && away) loadAnew()
      away = !there
    })
  }, ASK_EVERY_MS)
  return () => clearInterval(timer)
}

function wasJustTried(): boolean {
  return Date.now() - Number(sessionStorage.getItem(LAST)) < AT_MOST_EVERY_MS
}

async function isThere(): Promise<boolean> {
  try {
    return (await fetch(window.location.href, { method: 'HEAD', cache: 'no-store' })).ok
  } catch {
    return false
  }
}

function loadAnew(): void {
  sessionStorage.setItem(LAST, String(Date.now()))
  window.location.reload()
}
