package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"go.temporal.io/sdk/temporal"
)

// NewLog writes lines of JSON like those of the other workers. Level is `debug`, `info`, `warning` or
// `error`; `info` without one.
func NewLog(to io.Writer, level string) *slog.Logger {
	least := slog.LevelInfo
	if level = strings.ToLower(level); level == "warning" {
		level = "warn"
	}
	_ = least.UnmarshalText([]byte(level)) // What is no level changes nothing.
	handler := slog.NewJSONHandler(to, &slog.HandlerOptions{Level: least, ReplaceAttr: rename})
	return slog.New(handler).With("logger", "wistro.worker")
}

func rename(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return attr
	}
	switch attr.Key {
	case slog.TimeKey:
		return slog.Time("timestamp", attr.Value.Time().UTC())
	case slog.MessageKey:
		attr.Key = "event"
	case slog.LevelKey:
		level, _ := attr.Value.Any().(slog.Level)
		if attr.Value = slog.StringValue(levelName(level)); levelName(level) == "warn" {
			attr.Value = slog.StringValue("warning")
		}
	}
	return attr
}

// sdkLog is the log of the Temporal SDK: its warnings and errors, without those that attempts have told
// already, and without what could show payloads.
type sdkLog struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h sdkLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h sdkLog) Handle(ctx context.Context, record slog.Record) error {
	told := false
	record.Attrs(func(attr slog.Attr) bool {
		err, _ := attr.Value.Any().(error)
		var ours *temporal.ApplicationError
		var stopped *temporal.CanceledError
		told = told || errors.As(err, &ours) || errors.As(err, &stopped)
		return !told
	})
	if told {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h sdkLog) WithAttrs(attrs []slog.Attr) slog.Handler { return sdkLog{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h sdkLog) WithGroup(name string) slog.Handler { return sdkLog{h.Handler.WithGroup(name)} }
