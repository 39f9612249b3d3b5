package schema

import (
	"reflect"
	"strings"
)

// field is a field of a struct as encoding/json sees it.
type field struct {
	name string
	of   reflect.Type
	tag  reflect.StructTag
	// index is the way to it from the outermost struct.
	index []int
	// optional fields may be left out.
	optional bool
	// quoted values are written as text: `json:",string"`.
	quoted bool
}

// fieldsOf are the fields of a struct, those of embedded structs included. Of two with the same name the
// outer one counts.
func fieldsOf(of reflect.Type) []field {
	var found []field
	names := map[string]bool{}
	level := []embedded{{of: of}}
	seen := map[reflect.Type]bool{of: true}
	for len(level) > 0 {
		var next []embedded
		for _, each := range level {
			for i := range each.of.NumField() {
				structField := each.of.Field(i)
				if inner, ok := flattened(structField); ok {
					if !seen[inner] {
						seen[inner] = true
						optional := each.optional || structField.Type.Kind() == reflect.Pointer
						next = append(next, embedded{inner, each.path(i), optional})
					}
				} else if field, ok := fieldOf(structField); ok && !names[field.name] {
					names[field.name] = true
					field.index, field.optional = each.path(i), field.optional || each.optional
					found = append(found, field)
				}
			}
		}
		level = next
	}
	return found
}

// embedded is a struct whose fields count as another's; those of a nil pointer are left out.
type embedded struct {
	of       reflect.Type
	index    []int
	optional bool
}

func (e embedded) path(i int) []int { return append(e.index[:len(e.index):len(e.index)], i) }

func flattened(structField reflect.StructField) (reflect.Type, bool) {
	name, _, _ := strings.Cut(structField.Tag.Get("json"), ",")
	if !structField.Anonymous || name != "" {
		return nil, false
	}
	of := structField.Type
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of, of.Kind() == reflect.Struct
}

func fieldOf(structField reflect.StructField) (field, bool) {
	tag := structField.Tag.Get("json")
	if tag == "-" || !structField.IsExported() {
		return field{}, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = structField.Name
	}
	found := field{name: name, of: structField.Type, tag: structField.Tag}
	for _, option := range strings.Split(options, ",") {
		switch option {
		case "omitempty", "omitzero":
			found.optional = true
		case "string":
			found.quoted = true
		}
	}
	return found, true
}
