package wistro

import "encoding/json"

// State is durable JSON values by group and key, shared by the flows of the project. Every operation is
// atomic for every worker. A store that is away is a [RetryableError].
type State interface {
	// Get reads a value into a pointer and says whether there was one.
	Get(group, key string, into any) (found bool, err error)
	// Entry is the value with its version; nil when there is none.
	Entry(group, key string) (*StateEntry, error)
	// Set writes a value.
	Set(group, key string, value any) error
	// SetIf writes a value over the entry that has this version, and fails over any other.
	SetIf(group, key string, value any, version int64) error
	// Delete removes a value and says whether there was one.
	Delete(group, key string) (deleted bool, err error)
	// List is the values of a group by their keys.
	List(group string) (map[string]json.RawMessage, error)
	// Clear removes a group and says how many values it had.
	Clear(group string) (removed int, err error)
	// Increment adds to a number and returns the sum; a value that is not there counts as 0.
	Increment(group, key string, by float64) (float64, error)
	// CompareAndSet writes a value if the entry holds `expected`, and says whether it did. Expecting nil
	// accepts an entry that is not there.
	CompareAndSet(group, key string, expected, value any) (done bool, err error)
}

// StateEntry is a value with its version.
type StateEntry struct {
	Group   string          `json:"group"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
	Version int64           `json:"version"`
	// UpdatedAt is the moment of its last change, in seconds since the epoch.
	UpdatedAt float64 `json:"updated_at"`
}

// Get reads a value of type T; the zero value and false when there is none.
func Get[T any](state State, group, key string) (T, bool, error) {
	var value T
	found, err := state.Get(group, key, &value)
	return value, found, err
}

// List reads the values of a group, by their keys.
func List[T any](state State, group string) (map[string]T, error) {
	raw, err := state.List(group)
	if err != nil {
		return nil, err
	}
	values := make(map[string]T, len(raw))
	for key, data := range raw {
		var value T
		if err := json.Unmarshal(data, &value); err != nil {
			return nil, Terminal(err)
		}
		values[key] = value
	}
	return values, nil
}
