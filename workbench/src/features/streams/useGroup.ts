import { useEffect, useState } from 'react'
import { fetchApi, OURS } from '@/api/client'
import { after, eventOf, type Shown } from './model'

const RETRY_MS = 2_000

export type GroupStatus = 'connecting' | 'live' | 'offline'

/** The items of a group of a stream, as they change: over a socket, with a token for this group alone. */
export function useGroup(stream: string, group: string | null) {
  const [items, setItems] = useState<Shown[] | null>(null)
  const [status, setStatus] = useState<GroupStatus>('connecting')
  useEffect(() => {
    if (group === null) return
    setItems(null)
    setStatus('connecting')
    let socket: WebSocket | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let ended = false

    const again = () => {
      if (ended) return
      setStatus('offline')
      timer = setTimeout(() => void connect(), RETRY_MS)
    }
    const connect = async () => {
      const made = await fetchApi
        .POST('/api/streams/{name}/tokens', { params: { path: { name: stream } }, body: { group, seconds: 3_600 } })
        .catch(() => null)
      const token = made?.data?.token
      if (ended) return
      if (!token) return again()
      const address = new URL(`${OURS}/streams`, window.location.href)
      address.protocol = address.protocol.replace('http', 'ws')
      socket = new WebSocket(address, ['Authorization', token])
      socket.onopen = () => {
        socket?.send(JSON.stringify({ type: 'join', data: { streamName: stream, groupId: group, subscriptionId: 'workbench' } }))
      }
      socket.onmessage = ({ data }) => {
        const event = eventOf(String(data))
        if (!event || ended) return
        setStatus('live')
        setItems((before) => after(before ?? [], event))
      }
      socket.onclose = again
    }
    void connect()
    return () => {
      ended = true
      clearTimeout(timer)
      socket?.close()
    }
  }, [stream, group])
  return { items, status }
}
