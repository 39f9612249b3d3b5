package wistrotest

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Line is a line of the run's log.
type Line struct {
	Level   string
	Message string
	Fields  map[string]any
}

// logs reads what a JSON handler writes: groups and attributes are then where slog puts them.
type logs struct {
	t     testing.TB
	mu    sync.Mutex
	lines []Line
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write takes one line.
func (l *logs) Write(text []byte) (int, error) {
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return 0, err
	}
	line := Line{Fields: fields}
	line.Level, _ = fields[slog.LevelKey].(string)
	line.Message, _ = fields[slog.MessageKey].(string)
	for _, key := range []string{slog.LevelKey, slog.MessageKey, slog.TimeKey} {
		delete(fields, key)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	l.t.Log(strings.TrimSpace(string(text)))
	return len(text), nil
}

func (l *logs) all() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
