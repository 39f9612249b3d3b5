import type { Extension } from '@codemirror/state'
import { Compartment, EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { type RefObject, useEffect, useRef } from 'react'

interface EditorOptions {
  text: string
  onChange?: ((text: string) => void) | undefined
  /** What never changes. */
  fixed: () => Extension
  /** What may: a new value takes effect at once. Keep it the same while nothing changes. */
  changing: Extension
}

/** An editor within an element of React's; its text follows `text`. */
export function useEditor({ text, onChange, fixed, changing }: EditorOptions): {
  element: RefObject<HTMLDivElement | null>
  view: RefObject<EditorView | null>
} {
  const element = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const compartment = useRef(new Compartment())
  const latest = useRef({ text, onChange, fixed, changing })
  latest.current = { text, onChange, fixed, changing }

  useEffect(() => {
    if (!element.current) return
    const tell = EditorView.updateListener.of((update) => {
      if (!update.docChanged) return
      const now = update.state.doc.toString()
      if (now !== latest.current.text) latest.current.onChange?.(now)
    })
    const created = new EditorView({
      parent: element.current,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [latest.current.fixed(), compartment.current.of(latest.current.changing), tell],
      }),
    })
    view.current = created
    return () => {
      view.current = null
      created.destroy()
    }
  }, [])

  useEffect(() => {
    view.current?.dispatch({ effects: compartment.current.reconfigure(changing) })
  }, [changing])

  useEffect(() => {
    const state = view.current?.state
    if (state && state.doc.toString() !== text) {
      view.current?.dispatch({ changes: { from: 0, to: state.doc.length, insert: text } })
    }
  }, [text])

  return { element, view }
}
