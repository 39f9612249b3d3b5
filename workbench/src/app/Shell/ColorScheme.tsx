import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconMoon, IconSun } from '@tabler/icons-react'

/** Changes between light and dark; until then the page follows the system. */
export function ColorScheme() {
  const { setColorScheme } = useMantineColorScheme()
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light'
  const label = `Change to ${other} colours`
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={() => setColorScheme(other)}>
        {other === 'dark' ? <IconMoon size={17} aria-hidden /> : <IconSun size={17} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  )
}
