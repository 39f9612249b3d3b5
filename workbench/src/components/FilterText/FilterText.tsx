import { CloseButton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'

interface FilterTextProps {
  label: string
  /** The label, where none is given. */
  placeholder?: string
  width?: number
  /** Whether something is looked for, rather than named. */
  search?: boolean
  value: string
  onChange: (text: string) => void
}

/** A filter that is typed, and counts once nobody types. */
export function FilterText({ label, placeholder = label, width, search = false, value, onChange }: FilterTextProps) {
  const [text, setText] = useState(value)
  const told = useRef<string[]>([])
  const tell = useDebouncedCallback((next: string) => {
    told.current.push(next.trim())
    onChange(next.trim())
  }, 300)
  useEffect(() => {
    // What was told comes back later, when more may have been typed; all else is from elsewhere.
    const place = told.current.indexOf(value)
    told.current.splice(0, place < 0 ? Infinity : place + 1)
    if (place >= 0) return
    tell.cancel()
    setText(value)
  }, [value, tell])
  return (
    <TextInput
      aria-label={label}
      placeholder={placeholder}
      maxLength={200}
      {...(width === undefined ? {} : { w: width })}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        tell(event.currentTarget.value)
      }}
      leftSection={search ? <IconSearch size={15} aria-hidden /> : null}
      rightSection={
        text && (
          <CloseButton
            size="sm"
            aria-label={`Clear: ${label.toLowerCase()}`}
            onClick={() => {
              setText('')
              tell('')
              tell.flush()
            }}
          />
        )
      }
    />
  )
}
