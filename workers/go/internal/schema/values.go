package schema

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// Write is the JSON of a value as the schema of its type says: encoding/json, with nil slices and maps as
// empty ones: where a list was promised, other languages take no null.
func Write(value any) ([]byte, error) {
	text, err := encode(value)
	// Most messages hold no null, and are done.
	if err != nil || !bytes.Contains(text, []byte("null")) {
		return text, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	return encode(filled(reflect.ValueOf(value), tree))
}

// Filled is a value that encoding/json writes as [Write] does.
type Filled struct{ Value any }

// MarshalJSON writes the value.
func (f Filled) MarshalJSON() ([]byte, error) { return Write(f.Value) }

func encode(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// filled is the JSON tree of a value with its nil slices and maps filled in.
func filled(value reflect.Value, tree any) any {
	if !value.IsValid() || writesItself(value) {
		return tree
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		return filled(value.Elem(), tree)
	case reflect.Slice, reflect.Array:
		return filledList(value, tree)
	case reflect.Map:
		return filledTable(value, tree)
	case reflect.Struct:
		table, _ := tree.(map[string]any)
		for _, field := range fieldsOf(value.Type()) {
			inner, err := value.FieldByIndexErr(field.index)
			if found, ok := table[field.name]; ok && err == nil {
				table[field.name] = filled(inner, found)
			}
		}
	}
	return tree
}

func writesItself(value reflect.Value) bool {
	of := value.Type()
	if of.Kind() == reflect.Pointer || of.Kind() == reflect.Interface {
		return false
	}
	return has(of, marshaler) || has(of, textMarshaler)
}

func filledList(value reflect.Value, tree any) any {
	if tree == nil {
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return ""
		}
		return []any{}
	}
	if items, ok := tree.([]any); ok {
		for i := range items {
			items[i] = filled(value.Index(i), items[i])
		}
	}
	return tree
}

func filledTable(value reflect.Value, tree any) any {
	if tree == nil {
		return map[string]any{}
	}
	table, _ := tree.(map[string]any)
	for pairs := value.MapRange(); pairs.Next(); {
		name := keyName(pairs.Key())
		if found, ok := table[name]; ok {
			table[name] = filled(pairs.Value(), found)
		}
	}
	return tree
}

// keyName is how a key is written; "" for one that writes itself.
func keyName(key reflect.Value) string {
	switch {
	case key.Type().Implements(textMarshaler):
		return ""
	case key.Kind() == reflect.String:
		return key.String()
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10)
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10)
	default:
		return ""
	}
}
