package schema_test

import (
	"testing"
	"time"

	"wistro.dev/go/internal/schema"
)

func TestWrite(t *testing.T) {
	type inner struct {
		Tags []string `json:"tags"`
	}
	type outer struct {
		inner
		Name    string           `json:"name"`
		Lines   []inner          `json:"lines"`
		Best    *inner           `json:"best"`
		Other   *inner           `json:"other"`
		ByName  map[string]inner `json:"by_name"`
		ByID    map[int][]int    `json:"by_id"`
		Any     any              `json:"any"`
		Key     []byte           `json:"key"`
		Left    []string         `json:"left,omitempty"`
		At      time.Time        `json:"at"`
		Deep    [][]string       `json:"deep"`
		Several [1][]bool        `json:"several"`
	}
	given := outer{
		Name: "<null>", Lines: []inner{{}}, Other: &inner{}, ByID: map[int][]int{7: nil},
		ByName: map[string]inner{"a": {}}, Any: inner{}, Deep: [][]string{nil, {"a"}},
	}
	want := `{"any":{"tags":[]},"at":"0001-01-01T00:00:00Z","best":null,"by_id":{"7":[]},"by_name":{"a":{"tags":[]}},` +
		`"deep":[[],["a"]],"key":"","lines":[{"tags":[]}],"name":"<null>","other":{"tags":[]},"several":[[]],"tags":[]}`
	got, err := schema.Write(given)
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	for value, want := range map[any]string{nil: "null", "a": `"a"`, 1.5: "1.5", (*inner)(nil): "null"} {
		if got, err := schema.Write(value); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	if got, _ := schema.Write([]string(nil)); string(got) != "[]" {
		t.Errorf("got %s, want []", got)
	}
	if _, err := schema.Write(map[string]any{"a": func() {}}); err == nil {
		t.Error("expected an error for a function")
	}
}
