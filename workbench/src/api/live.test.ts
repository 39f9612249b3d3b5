import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Entry, LiveFeed } from './live'

const CONNECTED = 'id: 7\nevent: connected\ndata: {"seq":7}\n\n'

/** A connection that says `text`, and then nothing any more. */
function silentAfter(text: string): Response {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', { hidden: false })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('comes back behind the last entry from a connection that has fallen silent', async () => {
  const entry = 'id: 8\nevent: log\ndata: {"seq":8,"kind":"log"}\n\n'
  const asked = vi.fn<typeof fetch>()
  asked.mockImplementationOnce(() => Promise.resolve(silentAfter(CONNECTED)))
  asked.mockImplementation(() => Promise.resolve(silentAfter(entry)))
  vi.stubGlobal('fetch', asked)
  const heard: Entry[] = []
  const leave = new LiveFeed('/live').listen((entries) => heard.push(...entries))
  await vi.advanceTimersByTimeAsync(30_000)
  expect(asked.mock.calls.map(([url]) => url)).toEqual(['/live'])
  await vi.advanceTimersByTimeAsync(12_000)
  expect(asked.mock.calls.map(([url]) => url)).toEqual(['/live', '/live?after=7'])
  expect(heard.map(({ seq }) => seq)).toEqual([8])
  leave()
})
