import { EditorState, type Extension } from '@codemirror/state'
import { Decoration, EditorView, lineNumbers } from '@codemirror/view'
import { useEffect, useMemo, useState } from 'react'
import classes from './CodeEditor.module.css'
import type { CodeViewProps } from './CodeView'
import { languageSupport } from './languages'
import { appearance, described } from './setup'
import { useEditor } from './useEditor'

function fixed(): Extension {
  return [EditorState.readOnly.of(true), EditorView.editable.of(false), appearance()]
}

/** The code behind `CodeView`, which fetches this when it is first needed. */
export default function CodeText({ code, language, line, label = 'Code', maxHeight = 480, firstLine = 1 }: CodeViewProps) {
  const [grammar, setGrammar] = useState<Extension>([])
  useEffect(() => {
    let wanted = true
    void languageSupport(language).then((found) => {
      if (wanted) setGrammar(found ?? [])
    })
    return () => {
      wanted = false
    }
  }, [language])
  const changing = useMemo(
    () => [
      grammar,
      described(label),
      // Readable by keyboard: the arrows scroll what can be focused.
      EditorView.contentAttributes.of({ tabindex: '0', role: 'textbox', 'aria-readonly': 'true', 'aria-multiline': 'true' }),
      EditorView.theme({ '.cm-scroller': { maxHeight: `${maxHeight}px`, overflow: 'auto' } }),
      firstLine === null ? [] : lineNumbers({ formatNumber: (number) => String(number + firstLine - 1) }),
      pointed(line === undefined ? null : line - (firstLine ?? 1) + 1),
    ],
    [grammar, label, maxHeight, firstLine, line],
  )
  const { element, view } = useEditor({ text: code, fixed, changing })
  useEffect(() => {
    const state = view.current?.state
    const number = line === undefined ? 0 : line - (firstLine ?? 1) + 1
    if (!state || number < 1 || number > state.doc.lines) return
    // Not by `scrollIntoView`, which scrolls the page too.
    const from = state.doc.line(number).from
    view.current?.requestMeasure({
      read: (editor) => editor.lineBlockAt(from).top - editor.scrollDOM.clientHeight / 2,
      write: (top, editor) => {
        editor.scrollDOM.scrollTop = top
      },
    })
  }, [code, line, firstLine, view])
  return <div ref={element} className={classes.editor} />
}

/** Points at a line, when there is one. */
function pointed(number: number | null): Extension {
  if (number === null) return []
  const mark = Decoration.line({ class: 'cm-pointed', attributes: { 'aria-current': 'true' } })
  return EditorView.decorations.of(({ state: { doc } }) =>
    number >= 1 && number <= doc.lines ? Decoration.set(mark.range(doc.line(number).from)) : Decoration.none,
  )
}
