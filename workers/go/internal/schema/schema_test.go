package schema_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"wistro.dev/go/internal/schema"
)

type line struct {
	SKU   string `json:"sku" doc:"Stock keeping unit" pattern:"^[A-Z]+$"`
	Count int    `json:"count" minimum:"1"`
}

type base struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
}

type order struct {
	base
	*extra
	Lines    []line            `json:"lines" minItems:"1"`
	Best     *line             `json:"best"`
	Note     *string           `json:"note,omitempty"`
	State    string            `json:"state" enum:"open, closed"`
	Sizes    []int             `json:"sizes,omitzero" enum:"1,2"`
	Labels   map[string]string `json:"labels,omitempty"`
	Number   int64             `json:"number,string"`
	Raw      json.RawMessage   `json:"raw"`
	Any      any               `json:"any"`
	Key      []byte            `json:"key"`
	Pair     [2]float64        `json:"pair"`
	Total    *big.Int          `json:"total"`
	Mood     *string           `json:"mood" enum:"good,bad"`
	Untagged bool
	Skipped  chan int `json:"-"`
	hidden   func()
}

type extra struct {
	ID    int  `json:"id"` // hidden by the outer one of the same depth
	Extra bool `json:"extra"`
}

type tree struct {
	Value    int    `json:"value"`
	Children []tree `json:"children"`
	Parent   *tree  `json:"parent"`
}

type forest struct {
	Trees []*tree `json:"trees"`
}

type page[T any] struct {
	Items []T `json:"items"`
}

type described struct{}

func (described) JSONSchema() json.RawMessage {
	return json.RawMessage(`{"type": "string", "format": "uuid"}`)
}

func TestOf(t *testing.T) {
	_ = order{hidden: nil}
	cases := map[string]struct {
		of   reflect.Type
		want string
	}{
		"any":       {reflect.TypeFor[any](), `null`},
		"raw":       {reflect.TypeFor[json.RawMessage](), `null`},
		"text":      {reflect.TypeFor[string](), `{"type": "string"}`},
		"unsigned":  {reflect.TypeFor[uint8](), `{"type": "integer", "minimum": 0}`},
		"list":      {reflect.TypeFor[[]string](), `{"type": "array", "items": {"type": "string"}}`},
		"anything":  {reflect.TypeFor[map[string]any](), `{"type": "object", "additionalProperties": true}`},
		"numbered":  {reflect.TypeFor[map[int]bool](), `{"type": "object", "additionalProperties": {"type": "boolean"}}`},
		"nullable":  {reflect.TypeFor[*float64](), `{"type": ["number", "null"]}`},
		"twice":     {reflect.TypeFor[**float64](), `{"type": ["number", "null"]}`},
		"described": {reflect.TypeFor[described](), `{"type": "string", "format": "uuid"}`},
		"generic": {reflect.TypeFor[page[line]](), `{
			"type": "object", "title": "page[line]", "required": ["items"],
			"properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/line"}}},
			"$defs": {"line": {"type": "object", "title": "line", "required": ["sku", "count"], "properties": {
				"sku": {"type": "string", "description": "Stock keeping unit", "pattern": "^[A-Z]+$"},
				"count": {"type": "integer", "minimum": 1}}}}}`},
		"recursive": {reflect.TypeFor[tree](), `{
			"type": "object", "title": "tree", "required": ["value", "children", "parent"],
			"properties": {
				"value": {"type": "integer"},
				"children": {"type": "array", "items": {"$ref": "#"}},
				"parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}`},
		"recursive inside": {reflect.TypeFor[forest](), `{
			"type": "object", "title": "forest", "required": ["trees"],
			"properties": {"trees": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}},
			"$defs": {"tree": {"type": "object", "title": "tree", "required": ["value", "children", "parent"],
				"properties": {
					"value": {"type": "integer"},
					"children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
					"parent": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}}}}`},
		"order": {reflect.TypeFor[order](), `{
			"type": "object", "title": "order",
			"required": ["lines", "best", "state", "number", "raw", "any", "key", "pair", "total", "mood", "Untagged", "id", "created"],
			"properties": {
				"id": {"type": "string"}, "created": {"type": "string", "format": "date-time"},
				"extra": {"type": "boolean"},
				"lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 1},
				"best": {"anyOf": [{"$ref": "#/$defs/line"}, {"type": "null"}]},
				"note": {"type": ["string", "null"]},
				"state": {"type": "string", "enum": ["open", "closed"]},
				"sizes": {"type": "array", "items": {"type": "integer", "enum": [1, 2]}},
				"labels": {"type": "object", "additionalProperties": {"type": "string"}},
				"number": {"type": "string"}, "raw": {}, "any": {},
				"key": {"type": "string", "contentEncoding": "base64"},
				"pair": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
				"total": {},
				"mood": {"type": ["string", "null"], "enum": ["good", "bad", null]},
				"Untagged": {"type": "boolean"}},
			"$defs": {"line": {"type": "object", "title": "line", "required": ["sku", "count"], "properties": {
				"sku": {"type": "string", "description": "Stock keeping unit", "pattern": "^[A-Z]+$"},
				"count": {"type": "integer", "minimum": 1}}}}}`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := schema.Of(test.of)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(normal(t, got), parsed(t, test.want)) {
				text, _ := json.MarshalIndent(got, "", "  ")
				t.Errorf("got %s\nwant %s", text, test.want)
			}
		})
	}
}

func TestOfRefuses(t *testing.T) {
	type holder struct {
		Done []chan int `json:"done"`
	}
	type keyed struct {
		ByPair map[[2]int]string `json:"by_pair"`
	}
	type tagged struct {
		Count int `json:"count" enum:"one,two"`
	}
	type bounded struct {
		Count int `json:"count" minimum:"low"`
	}
	cases := map[string]struct {
		of   reflect.Type
		want string
	}{
		"channel": {reflect.TypeFor[holder](), "`holder.done[]` is a `chan int`, which JSON cannot carry"},
		"keys":    {reflect.TypeFor[keyed](), "`keyed.by_pair` has keys of type `[2]int`, expected text or numbers"},
		"enum":    {reflect.TypeFor[tagged](), "`tagged.count` has the tag `enum:\"one,two\"`, expected values of its own type"},
		"minimum": {reflect.TypeFor[bounded](), "`bounded.count` has the tag `minimum:\"low\"`, expected a number"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := schema.Of(test.of); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func normal(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(text))
}

func parsed(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	if table, ok := value.(map[string]any); ok && len(table) == 0 {
		return nil
	}
	return value
}
