import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language'
import { linter, lintGutter, lintKeymap } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { useMemo } from 'react'
import classes from './CodeEditor.module.css'
import { completions } from './jsonCompletions'
import { errorsInText } from './jsonErrors'
import type { JsonEditorProps } from './JsonEditor'
import { appearance, described } from './setup'
import { useEditor } from './useEditor'

// Ctrl+Enter is for the form that the editor is part of.
const keys = defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter')

function fixed() {
  return [
    lineNumbers(),
    foldGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    lintGutter(),
    json(),
    EditorView.lineWrapping,
    appearance(),
    keymap.of([...closeBracketsKeymap, ...keys, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap]),
  ]
}

/** The editor behind `JsonEditor`, which fetches it when it is first needed. */
export default function JsonField({ value, onChange, schema, label, height = 160, readOnly = false }: JsonEditorProps) {
  const changing = useMemo(
    () => [
      described(label),
      EditorState.readOnly.of(readOnly),
      EditorView.theme({ '.cm-scroller': { minHeight: `${height}px`, maxHeight: `${height * 3}px`, overflow: 'auto' } }),
      linter((view) => errorsInText(view.state.doc.toString(), schema).map((error) => ({ ...error, severity: 'error' as const })), {
        delay: 300,
      }),
      autocompletion({ override: schema ? [completions(schema)] : [] }),
    ],
    [label, readOnly, height, schema],
  )
  const { element } = useEditor({ text: value, onChange, fixed, changing })
  return <div ref={element} className={classes.editor} />
}
