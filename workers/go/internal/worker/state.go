package worker

import (
	"encoding/json"
	"fmt"

	"wistro.dev/go"
)

const page = 1000

// state is the values by group and key, over the worker API.
type state struct{ calls calls }

var _ wistro.State = (*state)(nil)

type fields map[string]any

// Get implements wistro.State.
func (s *state) Get(group, key string, into any) (bool, error) {
	entry, err := s.Entry(group, key)
	if entry == nil || err != nil {
		return false, err
	}
	return true, decodeInto(entry.Value, into, fmt.Sprintf("the value of `%s` in the state group `%s`", key, group))
}

// Entry implements wistro.State.
func (s *state) Entry(group, key string) (*wistro.StateEntry, error) {
	var answer struct{ Entry *wistro.StateEntry }
	err := s.calls.do("state/get", fields{"group": group, "key": key}, true, &answer)
	return answer.Entry, err
}

// Set implements wistro.State.
func (s *state) Set(group, key string, value any) error {
	return s.calls.do("state/set", fields{"group": group, "key": key, "value": value}, true, &struct{}{})
}

// SetIf implements wistro.State. It is not repeated: it would find its own first attempt and call it a
// conflict.
func (s *state) SetIf(group, key string, value any, version int64) error {
	body := fields{"group": group, "key": key, "value": value, "if_version": version}
	return s.calls.do("state/set", body, false, &struct{}{})
}

// Delete implements wistro.State. After an answer was lost, it says false for what it did remove.
func (s *state) Delete(group, key string) (bool, error) {
	var answer struct{ Deleted bool }
	err := s.calls.do("state/delete", fields{"group": group, "key": key}, true, &answer)
	return answer.Deleted, err
}

// List implements wistro.State.
func (s *state) List(group string) (map[string]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	var after *string
	for {
		var answer struct {
			Items []wistro.StateEntry
			Next  *string
		}
		err := s.calls.do("state/list", fields{"group": group, "after": after, "limit": page}, true, &answer)
		if err != nil {
			return nil, err
		}
		for _, entry := range answer.Items {
			values[entry.Key] = entry.Value
		}
		if after = answer.Next; after == nil {
			return values, nil
		}
	}
}

// Clear implements wistro.State. After an answer was lost, it may count too few.
func (s *state) Clear(group string) (int, error) {
	var answer struct{ Removed int }
	err := s.calls.do("state/clear", fields{"group": group}, true, &answer)
	return answer.Removed, err
}

// Increment implements wistro.State.
func (s *state) Increment(group, key string, by float64) (float64, error) {
	var answer struct{ Value float64 }
	err := s.calls.do("state/increment", fields{"group": group, "key": key, "by": by}, false, &answer)
	return answer.Value, err
}

// CompareAndSet implements wistro.State.
func (s *state) CompareAndSet(group, key string, expected, value any) (bool, error) {
	var answer struct{ Done bool }
	body := fields{"group": group, "key": key, "expected": expected, "value": value}
	err := s.calls.do("state/compare_and_set", body, false, &answer)
	return answer.Done, err
}

func decodeInto(data json.RawMessage, into any, what string) error {
	if err := json.Unmarshal(data, into); err != nil {
		return &wistro.TerminalError{
			Code: wistro.CodeInvalid, Err: fmt.Errorf("%s does not fit `%T`: %w", what, into, err),
			Hint: "read it into the type that it was written as",
		}
	}
	return nil
}
