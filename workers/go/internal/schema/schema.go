// Package schema makes JSON Schemas (draft 2020-12) of Go types, as encoding/json writes their values.
package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// Schema is a JSON Schema as plain JSON values.
type Schema = map[string]any

// Describer is a type that knows its own JSON Schema: one with a MarshalJSON, say.
type Describer interface{ JSONSchema() json.RawMessage }

var (
	describer     = reflect.TypeFor[Describer]()
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// known are types whose JSON is not what their kind says.
var known = map[reflect.Type]Schema{
	reflect.TypeFor[time.Time]():       {"type": "string", "format": "date-time"},
	reflect.TypeFor[json.Number]():     {"type": "number"},
	reflect.TypeFor[json.RawMessage](): {},
}

// Of is the schema of a type; nil for a type that says nothing, such as `any`. The error names the field
// that JSON cannot carry.
func Of(of reflect.Type) (Schema, error) {
	r := reader{root: of, defs: map[reflect.Type]string{}, bodies: Schema{}}
	schema, err := r.read(of, at(of))
	if err != nil || len(schema) == 0 {
		return nil, err
	}
	if len(r.bodies) > 0 {
		schema["$defs"] = r.bodies
	}
	return schema, nil
}

// at is how messages call a type at the top of a schema.
func at(of reflect.Type) string {
	if of.Name() != "" {
		return of.Name()
	}
	return of.String()
}

// reader makes one document. A struct inside another becomes a definition, so that types may be recursive
// and are described once.
type reader struct {
	root   reflect.Type
	defs   map[reflect.Type]string
	bodies Schema
}

func (r *reader) read(of reflect.Type, path string) (Schema, error) {
	if schema, found, err := own(of, path); found || err != nil {
		return schema, err
	}
	switch of.Kind() {
	case reflect.Bool:
		return Schema{"type": "boolean"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Schema{"type": "integer"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return Schema{"type": "integer", "minimum": 0}, nil
	case reflect.Float32, reflect.Float64:
		return Schema{"type": "number"}, nil
	case reflect.String:
		return Schema{"type": "string"}, nil
	case reflect.Interface:
		return Schema{}, nil
	case reflect.Pointer:
		schema, err := r.inner(of.Elem(), path)
		return nullable(schema), err
	case reflect.Slice, reflect.Array:
		return r.list(of, path)
	case reflect.Map:
		return r.table(of, path)
	case reflect.Struct:
		return r.object(of, path)
	}
	if path == of.String() {
		return nil, fmt.Errorf("JSON cannot carry a `%s`", of)
	}
	return nil, fmt.Errorf("`%s` is a `%s`, which JSON cannot carry", path, of)
}

// own is the schema of a type that has its own idea of its JSON.
func own(of reflect.Type, path string) (schema Schema, found bool, err error) {
	if schema, found := known[of]; found {
		return clone(schema), true, nil
	}
	switch {
	case of.Kind() == reflect.Pointer || of.Kind() == reflect.Interface:
		return nil, false, nil
	case has(of, describer):
		text := reflect.New(of).Interface().(Describer).JSONSchema()
		if err := json.Unmarshal(text, &schema); err != nil {
			return nil, true, fmt.Errorf("`%s`: the JSON Schema of `%s` is no JSON object: %w", path, of, err)
		}
		return schema, true, nil
	case has(of, marshaler):
		return Schema{}, true, nil
	case has(of, textMarshaler):
		return Schema{"type": "string"}, true, nil
	default:
		return nil, false, nil
	}
}

func has(of, method reflect.Type) bool {
	return of.Implements(method) || reflect.PointerTo(of).Implements(method)
}

// inner is the schema of a part: a reference, when it is a struct with a name.
func (r *reader) inner(of reflect.Type, path string) (Schema, error) {
	if of.Kind() != reflect.Struct || of.Name() == "" {
		return r.read(of, path)
	}
	if _, found, _ := own(of, path); found {
		return r.read(of, path)
	}
	if of == r.root {
		return Schema{"$ref": "#"}, nil
	}
	name, seen := r.defs[of]
	if !seen {
		name = r.name(of)
		// Named before it is read: it may refer to itself.
		r.defs[of], r.bodies[name] = name, Schema{}
		body, err := r.object(of, path)
		if err != nil {
			return nil, err
		}
		r.bodies[name] = body
	}
	return Schema{"$ref": "#/$defs/" + name}, nil
}

var (
	packagePath = regexp.MustCompile(`[\w./-]*[./]`)
	notInNames  = regexp.MustCompile(`\W+`)
)

// name is the definition's name: the type's, with a number when another has it already.
func (r *reader) name(of reflect.Type) string {
	short := strings.Trim(notInNames.ReplaceAllString(title(of), "_"), "_")
	name := short
	for i := 2; ; i++ {
		if _, taken := r.bodies[name]; !taken {
			return name
		}
		name = fmt.Sprintf("%s_%d", short, i)
	}
}

func (r *reader) list(of reflect.Type, path string) (Schema, error) {
	if of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Uint8 && !has(of.Elem(), marshaler) {
		return Schema{"type": "string", "contentEncoding": "base64"}, nil
	}
	items, err := r.inner(of.Elem(), path+"[]")
	if err != nil {
		return nil, err
	}
	schema := Schema{"type": "array"}
	if len(items) > 0 {
		schema["items"] = items
	}
	if of.Kind() == reflect.Array {
		schema["minItems"], schema["maxItems"] = of.Len(), of.Len()
	}
	return schema, nil
}

func (r *reader) table(of reflect.Type, path string) (Schema, error) {
	switch key := of.Key(); {
	case key.Kind() == reflect.String, reflect.Int <= key.Kind() && key.Kind() <= reflect.Uintptr:
	case key.Implements(textMarshaler):
	default:
		return nil, fmt.Errorf("`%s` has keys of type `%s`, expected text or numbers", path, key)
	}
	values, err := r.inner(of.Elem(), path+"{}")
	if err != nil {
		return nil, err
	}
	schema := Schema{"type": "object", "additionalProperties": true}
	if len(values) > 0 {
		schema["additionalProperties"] = values
	}
	return schema, nil
}

func (r *reader) object(of reflect.Type, path string) (Schema, error) {
	schema := Schema{"type": "object"}
	if of.Name() != "" {
		schema["title"] = title(of)
	}
	properties, required := Schema{}, []any{}
	for _, field := range fieldsOf(of) {
		property, err := r.property(field, path+"."+field.name)
		if err != nil {
			return nil, err
		}
		properties[field.name] = property
		if !field.optional {
			required = append(required, field.name)
		}
	}
	if len(properties) > 0 {
		schema["properties"] = properties
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema, nil
}

// title is the name of a type without the packages of its parameters: `Page[Order]`.
func title(of reflect.Type) string { return packagePath.ReplaceAllString(of.Name(), "") }

func (r *reader) property(field field, path string) (Schema, error) {
	if field.quoted {
		return annotate(Schema{"type": "string"}, field, path)
	}
	schema, err := r.inner(field.of, path)
	if err != nil {
		return nil, err
	}
	return annotate(schema, field, path)
}

// nullable also allows null.
func nullable(schema Schema) Schema {
	if len(schema) == 0 {
		return schema
	}
	kind, plain := schema["type"].(string)
	if _, listed := schema["enum"]; plain && !listed {
		schema["type"] = []any{kind, "null"}
		return schema
	}
	if kinds, several := schema["type"].([]any); several && kinds[len(kinds)-1] == "null" {
		return schema
	}
	return Schema{"anyOf": []any{schema, Schema{"type": "null"}}}
}

func clone(schema Schema) Schema {
	copied := Schema{}
	for key, value := range schema {
		copied[key] = value
	}
	return copied
}
