import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { Pair } from '../model'
import classes from './Request.module.css'

interface PairsProps {
  /** What one of them is: `header`. */
  noun: string
  pairs: Pair[]
  onChange: (pairs: Pair[]) => void
  /** What is known of a name, shown below it. */
  about?: (name: string) => string | null | undefined
  /** What is wrong with a name. */
  errorOf?: (name: string) => string | undefined
  /** Names to choose from. */
  suggestions?: readonly string[]
}

/** Names with values, in rows: headers, or parameters of a query. */
export function Pairs({ noun, pairs, onChange, about, errorOf, suggestions }: PairsProps) {
  const set = (index: number, change: Partial<Pair>) =>
    onChange(pairs.map((pair, at) => (at === index ? { ...pair, ...change } : pair)))
  const list = `names-of-${noun.replaceAll(' ', '-')}`
  return (
    <div className={classes.pairs}>
      {suggestions ? (
        <datalist id={list}>
          {suggestions.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      ) : null}
      {pairs.map((pair, index) => (
        // By its place: its name changes while it is typed.
        <div key={index} className={classes.pair}>
          <TextInput
            size="sm"
            className={classes.name}
            aria-label={`Name of the ${noun} ${index + 1}`}
            placeholder="Name"
            list={suggestions ? list : undefined}
            value={pair.name}
            onChange={(event) => set(index, { name: event.currentTarget.value })}
          />
          <TextInput
            size="sm"
            className={classes.value}
            aria-label={`Value of the ${noun} ${pair.name || index + 1}`}
            placeholder="Value"
            description={about?.(pair.name)}
            inputWrapperOrder={['input', 'description', 'error']}
            error={errorOf?.(pair.name)}
            value={pair.value}
            onChange={(event) => set(index, { value: event.currentTarget.value })}
          />
          <Tooltip label={`Remove this ${noun}`} openDelay={300}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove the ${noun} ${pair.name || index + 1}`}
              onClick={() => onChange(pairs.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </div>
      ))}
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        className={classes.add}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...pairs, { name: '', value: '' }])}
      >
        Add a {noun}
      </Button>
    </div>
  )
}
