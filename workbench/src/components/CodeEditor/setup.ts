import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { cspNonce } from '@/app/theme'

const look = EditorView.theme({
  '&': {
    color: 'var(--wb-text)',
    backgroundColor: 'var(--wb-code-surface)',
    fontSize: '13px',
    border: '1px solid var(--wb-border)',
    borderRadius: 'var(--mantine-radius-md)',
  },
  '&.cm-focused': { outline: '2px solid var(--wb-focus)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--wb-text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--wb-text)' },
  '.cm-gutters': {
    color: 'var(--wb-code-comment)',
    backgroundColor: 'var(--wb-code-surface)',
    border: 'none',
    borderTopLeftRadius: 'var(--mantine-radius-md)',
    borderBottomLeftRadius: 'var(--mantine-radius-md)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--wb-code-line)' },
  '&:not(.cm-focused) .cm-activeLine, &:not(.cm-focused) .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '& .cm-pointed': { backgroundColor: 'var(--wb-held-fill)', boxShadow: 'inset 3px 0 0 var(--wb-held)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--wb-surface-selected)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--wb-surface-selected)', outline: '1px solid var(--wb-border-strong)' },
  '.cm-tooltip': {
    color: 'var(--wb-text)',
    backgroundColor: 'var(--wb-surface-raised)',
    border: '1px solid var(--wb-border)',
    borderRadius: 'var(--mantine-radius-sm)',
    boxShadow: 'var(--wb-shadow)',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    color: 'var(--wb-text)',
    backgroundColor: 'var(--wb-surface-selected)',
  },
  '.cm-diagnostic': { fontFamily: 'var(--mantine-font-family)', borderLeft: '3px solid var(--wb-failed)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--wb-failed)',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '3px',
  },
  '.cm-panels': { color: 'var(--wb-text)', backgroundColor: 'var(--wb-surface-sunken)' },
  '.cm-foldPlaceholder': { color: 'var(--wb-text-quiet)', backgroundColor: 'var(--wb-surface-hover)', border: 'none' },
})

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--wb-code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--wb-code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--wb-code-number)' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: 'var(--wb-code-name)' },
  { tag: [tags.function(tags.variableName), tags.className, tags.typeName], color: 'var(--wb-code-name)' },
  { tag: tags.comment, color: 'var(--wb-code-comment)', fontStyle: 'italic' },
])

/** What every editor has: our colours, and style sheets that the page's policy allows. */
export function appearance(): Extension {
  const nonce = cspNonce()
  return [look, syntaxHighlighting(colours), ...(nonce ? [EditorView.cspNonce.of(nonce)] : [])]
}

export function described(label: string): Extension {
  return EditorView.contentAttributes.of({ 'aria-label': label })
}
