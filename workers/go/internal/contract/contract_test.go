package contract

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// messages calls check with each golden message that this worker may meet.
func messages(t *testing.T, kind string, check func(t *testing.T, of string, message json.RawMessage)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "contract", "messages", kind, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var golden struct {
				Of      string
				Message json.RawMessage
			}
			if err := json.Unmarshal(content, &golden); err != nil {
				t.Fatal(err)
			}
			check(t, golden.Of, golden.Message)
		})
	}
}

func again(t *testing.T, of string, message []byte) any {
	t.Helper()
	var value any
	switch of {
	case "Invocation":
		found, err := ReadInvocation(message)
		if err != nil {
			t.Fatal(err)
		}
		value = found
	case "StepResult":
		value = read[StepResult](t, message)
	case "ErrorInfo":
		value = read[ErrorInfo](t, message)
	default:
		t.Skipf("only workers on the queue of the runs meet a %s", of)
	}
	text, err := Write(value)
	if err != nil {
		t.Fatal(err)
	}
	return plain(t, text)
}

func read[T any](t *testing.T, text []byte) T {
	t.Helper()
	var found T
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func plain(t *testing.T, text []byte) any { return read[any](t, text) }

func TestValidMessagesSurviveARoundTrip(t *testing.T) {
	messages(t, "valid", func(t *testing.T, of string, message json.RawMessage) {
		if written := again(t, of, message); !reflect.DeepEqual(written, plain(t, message)) {
			t.Errorf("expected %s, found %v", message, written)
		}
	})
}

func TestUnknownMembersAreIgnored(t *testing.T) {
	messages(t, "valid", func(t *testing.T, of string, message json.RawMessage) {
		members := read[map[string]any](t, message)
		members["from_a_later_version"] = 1
		more, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		if written := again(t, of, more); !reflect.DeepEqual(written, plain(t, message)) {
			t.Errorf("expected %s, found %v", message, written)
		}
	})
}

func TestInvalidInvocationsAreRefused(t *testing.T) {
	messages(t, "invalid", func(t *testing.T, of string, message json.RawMessage) {
		if of != "Invocation" {
			t.Skipf("a worker writes a %s, and reads none", of)
		}
		var wrong *UnreadableError
		if _, err := ReadInvocation(message); !errors.As(err, &wrong) || wrong.Issues[0].Field == "" {
			t.Errorf("expected an issue that names its field, found %v", err)
		}
	})
}
