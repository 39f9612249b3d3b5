import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { ArrayField } from './ArrayField'
import { type FieldProps, useForm } from './FormContext'
import { blankOf, isSmall } from './model'
import { ObjectField } from './ObjectField'
import { RawField } from './RawField'
import { ScalarField } from './ScalarField'
import classes from './SchemaForm.module.css'
import { labelOf, Section } from './Section'
import { fieldOf, type Json, type JsonSchema, plain } from './schema'
import { VariantsField } from './VariantsField'

/** The field for a schema, whatever its kind. */
export function Field(props: FieldProps) {
  const { root, disabled } = useForm()
  const { schema, value, onChange, path, name, required } = props
  const field = fieldOf(schema, root)
  if (isSmall(field)) return <ScalarField {...props} field={field} />

  const absent = value === undefined || (value === null && field.nullable)
  if (absent && path.length > 0) {
    const label = labelOf(name, field.title)
    const start = () => onChange(startOf(schema, root))
    return (
      <Section name={name} field={field} path={path} required={required}>
        <Button
          size="compact-sm"
          variant="default"
          className={classes.add}
          disabled={disabled}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={start}
        >
          Add {label}
        </Button>
      </Section>
    )
  }
  const clear = path.length > 0 && (!required || field.nullable) ? () => onChange(required ? null : undefined) : undefined
  switch (field.kind) {
    case 'object':
      return <ObjectField {...props} field={field} onClear={clear} />
    case 'array':
      return <ArrayField {...props} field={field} onClear={clear} />
    case 'variants':
      return <VariantsField {...props} field={field} onClear={clear} />
    default:
      return <RawField {...props} onClear={clear} />
  }
}

/** A value to go on from: a nullable part that somebody adds is not to be null. */
function startOf(schema: JsonSchema, root: JsonSchema): Json {
  const inner = plain(schema, root).schema
  const blank = blankOf(inner, root)
  if (blank !== undefined && blank !== null) return blank
  return fieldOf(inner, root).kind === 'array' ? [] : {}
}
