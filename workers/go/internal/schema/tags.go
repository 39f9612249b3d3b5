package schema

import (
	"encoding/json"
	"fmt"
	"strings"
)

// numeric are the tags whose values are numbers, with the words of JSON Schema.
var numeric = []string{"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}

// annotate adds what the tags of a field say: `doc`, `enum`, `format`, `pattern` and the numeric ones. They
// are about the elements of a list where they cannot be about the list.
func annotate(schema Schema, field field, path string) (Schema, error) {
	if doc := field.tag.Get("doc"); doc != "" {
		schema["description"] = doc
	}
	target := schema
	if items, ok := schema["items"].(Schema); ok {
		target = items
	}
	for _, name := range []string{"format", "pattern"} {
		if value := field.tag.Get(name); value != "" {
			target[name] = value
		}
	}
	for _, name := range numeric {
		text := field.tag.Get(name)
		if text == "" {
			continue
		}
		var value float64
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("`%s` has the tag `%s:%q`, expected a number", path, name, text)
		}
		if strings.HasSuffix(name, "Items") {
			schema[name] = value
		} else {
			target[name] = value
		}
	}
	return schema, enumerate(target, field.tag.Get("enum"), path)
}

// enumerate lists the values of `enum:"a,b"`: text or numbers, as the type of the field says.
func enumerate(schema Schema, tag, path string) error {
	if tag == "" {
		return nil
	}
	kind, null := schema["type"], false
	if kinds, ok := kind.([]any); ok {
		kind, null = kinds[0], true
	}
	var values []any
	for _, text := range strings.Split(tag, ",") {
		text = strings.TrimSpace(text)
		if kind == "string" {
			values = append(values, text)
			continue
		}
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil || kind == nil {
			return fmt.Errorf("`%s` has the tag `enum:%q`, expected values of its own type", path, tag)
		}
		values = append(values, value)
	}
	if null {
		values = append(values, nil)
	}
	schema["enum"] = values
	return nil
}
