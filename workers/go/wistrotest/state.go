package wistrotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/schema"
)

// memory is a [wistro.State] that nobody else sees.
type memory struct {
	mu      sync.Mutex
	entries map[string]map[string]wistro.StateEntry
}

var _ wistro.State = (*memory)(nil)

func newMemory() *memory { return &memory{entries: map[string]map[string]wistro.StateEntry{}} }

func (m *memory) Get(group, key string, into any) (bool, error) {
	entry, err := m.Entry(group, key)
	if entry == nil || err != nil {
		return false, err
	}
	return true, json.Unmarshal(entry.Value, into)
}

func (m *memory) Entry(group, key string) (*wistro.StateEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, found := m.entries[group][key]
	if !found {
		return nil, nil
	}
	return &entry, nil
}

func (m *memory) Set(group, key string, value any) error {
	data, err := schema.Write(value)
	if err != nil {
		return notJSON(group, key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(group, key, data)
	return nil
}

func (m *memory) SetIf(group, key string, value any, version int64) error {
	data, err := schema.Write(value)
	if err != nil {
		return notJSON(group, key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if found := m.entries[group][key].Version; found != version {
		return &wistro.RetryableError{
			Code: "state_conflict",
			Err: fmt.Errorf("`%s` in the state group `%s` was expected to have version %d; found version %d",
				key, group, version, found),
			Hint: "somebody else wrote it: read it again and decide anew",
		}
	}
	m.put(group, key, data)
	return nil
}

func (m *memory) put(group, key string, data json.RawMessage) {
	if m.entries[group] == nil {
		m.entries[group] = map[string]wistro.StateEntry{}
	}
	m.entries[group][key] = wistro.StateEntry{
		Group: group, Key: key, Value: data, Version: m.entries[group][key].Version + 1,
		UpdatedAt: float64(time.Now().UnixMicro()) / 1e6,
	}
}

func (m *memory) Delete(group, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found := m.entries[group][key]
	delete(m.entries[group], key)
	return found, nil
}

func (m *memory) List(group string) (map[string]json.RawMessage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := map[string]json.RawMessage{}
	for key, entry := range m.entries[group] {
		values[key] = entry.Value
	}
	return values, nil
}

func (m *memory) Clear(group string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	removed := len(m.entries[group])
	delete(m.entries, group)
	return removed, nil
}

func (m *memory) Increment(group, key string, by float64) (float64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var sum float64
	if entry, found := m.entries[group][key]; found {
		if err := json.Unmarshal(entry.Value, &sum); err != nil {
			return 0, &wistro.TerminalError{
				Code: "value_not_a_number",
				Err:  fmt.Errorf("`Increment` of `%s` in the state group `%s` expected a number, found %s", key, group, entry.Value),
				Hint: "count in a key of its own",
			}
		}
	}
	sum += by
	data, err := json.Marshal(sum)
	if err != nil {
		return 0, notJSON(group, key, err)
	}
	m.put(group, key, data)
	return sum, nil
}

func (m *memory) CompareAndSet(group, key string, expected, value any) (bool, error) {
	wanted, err := schema.Write(expected)
	if err != nil {
		return false, notJSON(group, key, err)
	}
	data, err := schema.Write(value)
	if err != nil {
		return false, notJSON(group, key, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	current := json.RawMessage("null")
	if entry, found := m.entries[group][key]; found {
		current = entry.Value
	}
	if !same(current, wanted) {
		return false, nil
	}
	m.put(group, key, data)
	return true, nil
}

// values of a group, in the order of their keys.
func (m *memory) values(group string) []json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []json.RawMessage
	for _, key := range slices.Sorted(maps.Keys(m.entries[group])) {
		found = append(found, m.entries[group][key].Value)
	}
	return found
}

// same compares JSON whatever the order of its members.
func same(a, b json.RawMessage) bool { return bytes.Equal(canonical(a), canonical(b)) }

func canonical(data json.RawMessage) []byte {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return data
	}
	text, err := json.Marshal(value)
	if err != nil {
		return data
	}
	return text
}

func notJSON(group, key string, err error) error {
	return &wistro.TerminalError{
		Code: "value_not_json",
		Err:  fmt.Errorf("the value of `%s` in the state group `%s`: %w", key, group, err),
		Hint: "store values that `encoding/json` can write",
	}
}
