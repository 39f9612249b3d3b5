package wistro

import (
	"encoding/json"
	"fmt"
	"reflect"

	"wistro.dev/go/internal/schema"
)

// Schema is what data looks like: made from a Go type by [Type], or a JSON Schema (draft 2020-12) of your
// own by [JSONSchema]. The zero Schema says nothing.
type Schema struct {
	of   reflect.Type
	text []byte
}

// Type is the schema of a Go type, as [encoding/json] writes it. `any` and [json.RawMessage] say nothing.
//
// A field is required unless its tag says `omitempty` or `omitzero`; a pointer may be null. A tag
// `doc:"…"` describes a field, `enum:"a,b"` lists its values, and `format:"email"` names a format.
func Type[T any]() Schema { return Schema{of: reflect.TypeFor[T]()} }

// JSONSchema is a schema written by hand.
func JSONSchema(text string) Schema { return Schema{text: []byte(text)} }

func (s Schema) isZero() bool { return s.of == nil && s.text == nil }

// document is the JSON Schema; nil for a schema that says nothing.
func (s Schema) document() (map[string]any, error) {
	if s.text != nil {
		var document map[string]any
		if err := json.Unmarshal(s.text, &document); err != nil {
			return nil, fmt.Errorf("expected a JSON Schema, found text that is no JSON object: %w", err)
		}
		return document, nil
	}
	if s.of == nil {
		return nil, nil
	}
	return schema.Of(s.of)
}

func orType[T any](given Schema) Schema {
	if given.isZero() {
		return Type[T]()
	}
	return given
}
