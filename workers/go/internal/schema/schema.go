// Package schema makes JSON Schemas (draft 2020-12) of Go types, as encoding/json writes their values.
package schema

import "reflect"

// Of is the schema of a type; nil for a type that says nothing, such as `any`.
func Of(of reflect.Type) (map[string]any, error) { return nil, nil }
