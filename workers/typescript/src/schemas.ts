/** A JSON Schema (draft 2020-12), as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What zod 3 and 4, valibot and arktype have in common (the Standard Schema specification). */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => unknown
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** A schema of zod before 3.24, which does not know the Standard Schema specification. */
interface OldZod<Input = unknown, Output = Input> {
  readonly _input: Input
  readonly _output: Output
}

/** A schema of zod 3 or 4 (or another library with Standard Schema), or a JSON Schema. */
export type SchemaSource = StandardSchema | OldZod | JsonSchema

/** What a handler gets when data has passed `S`: defaults filled in, transformations made. */
export type OutputOf<S> = S extends StandardSchema
  ? NonNullable<S['~standard']['types']>['output']
  : S extends OldZod
    ? S['_output']
    : unknown

/** What data that is to pass `S` looks like before it has. */
export type InputOf<S> = S extends StandardSchema
  ? NonNullable<S['~standard']['types']>['input']
  : S extends OldZod
    ? S['_input']
    : unknown
