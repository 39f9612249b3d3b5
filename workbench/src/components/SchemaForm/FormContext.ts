import { createContext, useContext } from 'react'
import type { Path } from './model'
import { fieldAt } from './model'
import type { Json, JsonSchema } from './schema'

/** What every field of a form knows. */
export interface Form {
  root: JsonSchema
  disabled: boolean
  errors: ReadonlyMap<string, readonly string[]>
  /** Whether the form itself found the value of a field wrong is told once it was left. */
  touch: (field: string) => void
}

export const FormContext = createContext<Form | null>(null)

export function useForm(): Form {
  const form = useContext(FormContext)
  if (!form) throw new Error('A field stands outside of its form.')
  return form
}

/** The props of a field, whatever its kind. */
export interface FieldProps {
  schema: JsonSchema
  value: Json | undefined
  /** `undefined` removes the value. */
  onChange: (value: Json | undefined) => void
  path: Path
  /** The name of the property, or of the place in a list. */
  name: string
  required: boolean
}

/** The errors of a field, as one text. */
export function useErrorText(path: Path): string | undefined {
  return useForm().errors.get(fieldAt(path))?.join(' ') || undefined
}
