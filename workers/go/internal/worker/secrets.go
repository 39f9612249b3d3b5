package worker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

const (
	// Shorter values are not masked: they would blot out half of a log and protect nothing.
	shortestSecret = 4
	masked         = "•••"
)

// Mask hides the values it was told of in logs and errors.
type Mask struct {
	mu       sync.Mutex
	values   []string
	replacer atomic.Pointer[strings.Replacer]
}

// Add hides a value, and each line of one that has several, from now on.
func (m *Mask) Add(value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := len(m.values)
	for _, text := range append(strings.Split(value, "\n"), value) {
		text = strings.TrimSpace(text)
		if len([]rune(text)) >= shortestSecret && !slices.Contains(m.values, text) {
			m.values = append(m.values, text)
		}
	}
	if len(m.values) == known {
		return
	}
	// The longest first: a secret may contain another.
	slices.SortFunc(m.values, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(m.values))
	for _, text := range m.values {
		pairs = append(pairs, text, masked)
	}
	m.replacer.Store(strings.NewReplacer(pairs...))
}

// Text is a text without the values.
func (m *Mask) Text(text string) string {
	if replacer := m.replacer.Load(); replacer != nil {
		return replacer.Replace(text)
	}
	return text
}

// JSON is a JSON value without the values, in its names too.
func (m *Mask) JSON(data json.RawMessage) json.RawMessage {
	if m.replacer.Load() == nil || len(data) == 0 {
		return data
	}
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return json.RawMessage("null") // Not shown rather than shown with a secret in it.
	}
	text, err := contract.Write(m.value(value))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

func (m *Mask) value(value any) any {
	switch value := value.(type) {
	case string:
		return m.Text(value)
	case []any:
		for i, item := range value {
			value[i] = m.value(item)
		}
		return value
	case map[string]any:
		clean := make(map[string]any, len(value))
		for name, item := range value {
			clean[m.Text(name)] = m.value(item)
		}
		return clean
	default:
		return value
	}
}

// Error is an error without the values.
func (m *Mask) Error(info contract.ErrorInfo) contract.ErrorInfo {
	info.Message = m.Text(info.Message)
	if info.Stack != nil {
		stack := m.Text(*info.Stack)
		info.Stack = &stack
	}
	info.Details = m.JSON(info.Details)
	return info
}

// environmentSecrets are secrets from environment variables.
type environmentSecrets struct {
	mask   *Mask
	lookup func(name string) (string, bool)
}

var _ wistro.Secrets = environmentSecrets{}

// Get implements wistro.Secrets.
func (s environmentSecrets) Get(name string) (string, error) {
	value, found := s.lookup(name)
	if !found {
		return "", &wistro.TerminalError{
			Code: "unknown_secret",
			Err:  fmt.Errorf("there is no secret `%s`", name),
			Hint: fmt.Sprintf("set the environment variable `%s` of the worker, and restart it", name),
		}
	}
	s.mask.Add(value)
	return value, nil
}
