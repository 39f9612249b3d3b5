// Package golden reads the golden messages and cases of workers/contract, for tests.
package golden

import (
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"wistro.dev/go/internal/contract"
)

// Message is a file of workers/contract/messages.
type Message struct {
	Of      string
	Message json.RawMessage
	Means   json.RawMessage
	Code    string
	Field   string
}

// Folder is workers/contract.
func Folder() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "..", "contract")
}

// Read reads a file of the contract.
func Read[T any](t *testing.T, parts ...string) T {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{Folder()}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	var found T
	if err := json.Unmarshal(content, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func messages(t *testing.T, kind string, check func(t *testing.T, golden Message)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Folder(), "messages", kind, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			check(t, Read[Message](t, "messages", kind, name))
		})
	}
}

// Valid reads and writes each valid message again, and compares. `again` skips those that it has no type for.
func Valid(t *testing.T, again func(t *testing.T, of string, message []byte) []byte) {
	t.Helper()
	messages(t, "valid", func(t *testing.T, golden Message) {
		means := golden.Means
		if means == nil {
			means = golden.Message
		}
		if written := again(t, golden.Of, golden.Message); !Same(written, means) {
			t.Errorf("expected %s, found %s", means, written)
		}
	})
}

// Invalid checks that each invalid message of a kind is refused, with its code and field.
func Invalid(t *testing.T, of string, refusal func(message json.RawMessage) (code string, fields []string, err error)) {
	t.Helper()
	messages(t, "invalid", func(t *testing.T, golden Message) {
		if golden.Of != of {
			t.Skip("a " + golden.Of)
		}
		code, fields, err := refusal(golden.Message)
		if err == nil || code != golden.Code || !slices.Contains(fields, golden.Field) {
			t.Errorf("expected `%s` for `%s`, found `%s` for %q: %v", golden.Code, golden.Field, code, fields, err)
		}
	})
}

// Refusal is the code of an error of package contract, and the fields that it names.
func Refusal(err error, code string) (string, []string, error) {
	var version *contract.VersionError
	if errors.As(err, &version) {
		return "contract_version", []string{"version"}, err
	}
	var unreadable *contract.UnreadableError
	if !errors.As(err, &unreadable) {
		return "", nil, err
	}
	var fields []string
	for _, issue := range unreadable.Issues {
		fields = append(fields, issue.Field)
	}
	return code, fields, err
}

// Same compares JSON texts: members in any order, numbers by their value.
func Same(one, other []byte) bool { return reflect.DeepEqual(plain(one), plain(other)) }

// numeral is a number by its value: no text is equal to it.
type numeral string

func plain(text []byte) any {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	return exact(value)
}

func exact(value any) any {
	switch value := value.(type) {
	case json.Number:
		number, _ := new(big.Rat).SetString(value.String())
		return numeral(number.RatString())
	case []any:
		for i, item := range value {
			value[i] = exact(item)
		}
	case map[string]any:
		for name, item := range value {
			value[name] = exact(item)
		}
	}
	return value
}
