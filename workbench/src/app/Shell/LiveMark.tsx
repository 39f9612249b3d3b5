import { Tooltip } from '@mantine/core'
import { type LiveStatus, useLive, useLiveStatus } from '@/api/live'
import classes from './Shell.module.css'

const WORDS: Record<LiveStatus, [string, string]> = {
  live: ['Live', 'What you see follows the runs as they go.'],
  connecting: ['Connecting', 'The page is connecting to the server.'],
  paused: ['Paused', 'The page catches up as soon as its tab is seen.'],
  offline: ['Offline', 'The server does not answer; the page comes back by itself and misses nothing.'],
}

/** Whether what the page shows is live. */
export function LiveMark() {
  useLive({}, () => undefined)
  const status = useLiveStatus((live) => live.status)
  const [word, sentence] = WORDS[status]
  return (
    <Tooltip label={sentence} multiline w={240}>
      <span className={classes.live} data-status={status} role="status">
        {word}
      </span>
    </Tooltip>
  )
}
