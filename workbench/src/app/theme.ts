import { createTheme, type CSSVariablesResolver, defaultVariantColorsResolver } from '@mantine/core'

/** The nonce with which the page's policy lets libraries add style sheets; none while developing. */
export function cspNonce(): string | undefined {
  const found = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content
  return found && !found.startsWith('__') ? found : undefined
}

/** The button of what cannot be undone: read in light and dark. */
const DANGER = {
  background: 'var(--wb-failed)',
  hover: 'color-mix(in srgb, var(--wb-failed) 86%, var(--wb-text))',
  color: 'var(--wb-surface)',
}

export const theme = createTheme({
  primaryColor: 'wisteria',
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  // Where black and white are equally far: below it white is read better.
  luminanceThreshold: 0.18,
  colors: {
    wisteria: [
      '#f4f0fd', '#e6ddf9', '#cdbcf3', '#b79cf0', '#9d7ce6', '#8a63df', '#7649d6', '#643bbe', '#5833ab', '#4b2a97',
    ],
  },
  // What is written on our colour differs between light and dark; Mantine decides by the light one alone.
  variantColorResolver: (input) => {
    const found = defaultVariantColorsResolver(input)
    if (input.variant !== 'filled') return found
    if (input.color === 'red') return { ...found, ...DANGER }
    const ours = input.color === undefined || input.color === input.theme.primaryColor
    return ours ? { ...found, color: 'var(--mantine-primary-color-contrast)' } : found
  },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, monospace',
  headings: { fontFamily: '"Inter Variable", system-ui, sans-serif', fontWeight: '650' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // To choose what is chosen already is no way to take it away: what may be empty has a button for that.
    Select: { defaultProps: { allowDeselect: false } },
    // What has the keyboard in a menu is its first item.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    // The banner is that of the page.
    Modal: { defaultProps: { attributes: { header: { role: 'presentation' } } } },
    Drawer: { defaultProps: { attributes: { header: { role: 'presentation' } } } },
    Notification: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Close the notice' } },
      styles: { description: { color: 'var(--wb-text-quiet)' } },
    },
  },
})

/** Mantine's surfaces, texts and borders are ours. */
export const cssVariables: CSSVariablesResolver = () => {
  const ours = {
    '--mantine-color-body': 'var(--wb-surface)',
    '--mantine-color-text': 'var(--wb-text)',
    '--mantine-color-dimmed': 'var(--wb-text-quiet)',
    '--mantine-color-default': 'var(--wb-surface-raised)',
    '--mantine-color-default-border': 'var(--wb-border)',
    '--mantine-color-default-hover': 'var(--wb-surface-hover)',
    '--mantine-color-error': 'var(--wb-failed)',
    '--mantine-color-anchor': 'var(--wb-accent)',
    '--mantine-color-placeholder': 'var(--wb-text-quiet)',
  }
  return { variables: {}, light: ours, dark: ours }
}
