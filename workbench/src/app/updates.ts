/** The server may have another build than the one that this page is of: what it fetches next is gone then. */

const LAST = 'wistro.reloaded'
const AT_MOST_EVERY_MS = 30_000

/** Loads the page anew when a part of it is gone, if the server is there and that was not just tried. */
export function followUpdates(): void {
  window.addEventListener('vite:preloadError', () => {
    const last = Number(sessionStorage.getItem(LAST))
    if (Date.now() - last < AT_MOST_EVERY_MS) return
    void fetch(window.location.href, { method: 'HEAD' }).then(
      (answer) => {
        if (!answer.ok) return
        sessionStorage.setItem(LAST, String(Date.now()))
        window.location.reload()
      },
      () => undefined, // offline: what is shown stays
    )
  })
}
