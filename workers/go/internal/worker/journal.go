package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"time"

	"wistro.dev/go/internal/contract"
)

const (
	maxMessage = 16 << 10
	maxFields  = 64 << 10
)

// Entry is one thing that happened, or one line that a handler logged.
type Entry struct {
	Kind       string          `json:"kind"`
	At         float64         `json:"at"`
	Flow       string          `json:"flow"`
	RunID      string          `json:"run_id"`
	DeliveryID string          `json:"delivery_id"`
	Step       string          `json:"step"`
	Attempt    int             `json:"attempt"`
	Level      string          `json:"level"`
	Message    string          `json:"message"`
	Fields     json.RawMessage `json:"fields"`
}

// DeliveryJournal notes what deliveries do and say, to the journal and in the log of the process; from any
// goroutine, and without making them wait.
type DeliveryJournal struct {
	append func(Entry)
	mask   *Mask
	log    *slog.Logger
}

// NewDeliveryJournal notes to `append`, usually that of a Buffer; `mask` hides secrets.
func NewDeliveryJournal(append func(Entry), mask *Mask, log *slog.Logger) *DeliveryJournal {
	return &DeliveryJournal{append: append, mask: mask, log: log}
}

// logger is what a handler logs with.
func (j *DeliveryJournal) logger(of *contract.Invocation, attempt int) *slog.Logger {
	return slog.New(&logHandler{journal: j, invocation: of, attempt: attempt})
}

// line notes a line that a handler logged.
func (j *DeliveryJournal) line(of *contract.Invocation, attempt int, level slog.Level, text string, fields map[string]any) {
	text = j.mask.Text(text)
	shown := j.mask.JSON(j.fields(fields))
	j.note("log", of, attempt, levelName(level), text, shown)
	given := identity(of, attempt)
	if len(fields) > 0 {
		given = append(given, slog.Any("fields", shown))
	}
	j.log.LogAttrs(context.Background(), level, text, given...)
}

func (j *DeliveryJournal) started(of *contract.Invocation, attempt int) {
	fields := map[string]any{}
	if of.Topic != nil {
		fields["topic"] = *of.Topic
	}
	j.note("delivery.started", of, attempt, "info", "", j.fields(fields))
}

func (j *DeliveryJournal) completed(of *contract.Invocation, attempt int, took time.Duration, result contract.StepResult) {
	topics := make([]string, len(result.Emissions))
	for i, emission := range result.Emissions {
		topics[i] = emission.Topic
	}
	fields := map[string]any{"seconds": seconds(took), "emitted": topics}
	j.note("delivery.completed", of, attempt, "info", "", j.fields(fields))
}

// failed notes that an attempt has failed. Whether another follows, the machine decides.
func (j *DeliveryJournal) failed(of *contract.Invocation, attempt int, took time.Duration, info contract.ErrorInfo) {
	fields := map[string]any{"seconds": seconds(took), "error": info}
	j.note("delivery.failed", of, attempt, "error", info.Message, j.fields(fields))
	j.log.LogAttrs(context.Background(), slog.LevelWarn, "attempt failed", append(identity(of, attempt),
		slog.String("code", info.Code), slog.String("error", info.Message), slog.Bool("retryable", info.Retryable))...)
}

func (j *DeliveryJournal) cancelled(of *contract.Invocation, attempt int, took time.Duration, reason string) {
	fields := map[string]any{"seconds": seconds(took), "reason": reason}
	j.note("delivery.cancelled", of, attempt, "warn", reason, j.fields(fields))
}

func (j *DeliveryJournal) note(
	kind string, of *contract.Invocation, attempt int, level, text string, fields json.RawMessage,
) {
	j.append(Entry{
		Kind: kind, At: float64(time.Now().UnixMicro()) / 1e6, Flow: of.Flow, RunID: of.RunID,
		DeliveryID: of.DeliveryID, Step: of.Step, Attempt: attempt,
		Level: level, Message: bounded(text, maxMessage), Fields: fields,
	})
}

// fields are the fields as a JSON object of a bounded size; what JSON cannot carry becomes its text: a log
// line must never be what fails a step.
func (j *DeliveryJournal) fields(given map[string]any) json.RawMessage {
	text, err := contract.Write(given)
	if err != nil {
		plain := make(map[string]any, len(given))
		for name, value := range given {
			plain[name] = orText(value)
		}
		text, err = contract.Write(plain)
	}
	if err == nil && len(text) > maxFields {
		err = fmt.Errorf("%s bytes of fields; the limit is %s", grouped(len(text)), grouped(maxFields))
	}
	if err != nil {
		text, _ = json.Marshal(map[string]string{"omitted": err.Error()})
	}
	return text
}

func orText(value any) any {
	if text, err := contract.Write(value); err == nil {
		return json.RawMessage(text)
	}
	return fmt.Sprintf("%T", value)
}

func identity(of *contract.Invocation, attempt int) []slog.Attr {
	return []slog.Attr{
		slog.String("flow", of.Flow), slog.String("run", of.RunID), slog.String("step", of.Step),
		slog.String("delivery", of.DeliveryID), slog.Int("attempt", attempt),
	}
}

func seconds(took time.Duration) float64 { return math.Round(took.Seconds()*1e6) / 1e6 }

// logHandler is what `ctx.Logger()` writes to.
type logHandler struct {
	journal    *DeliveryJournal
	invocation *contract.Invocation
	attempt    int
	// attrs are those of With, in the groups of WithGroup.
	attrs  []slog.Attr
	groups []string
}

var _ slog.Handler = (*logHandler)(nil)

// Enabled implements slog.Handler: the reader of a run's log chooses what to see.
func (*logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, record slog.Record) error {
	fields := map[string]any{}
	for _, attr := range h.attrs {
		put(fields, attr)
	}
	own := fields
	for _, group := range h.groups {
		own = within(own, group)
	}
	record.Attrs(func(attr slog.Attr) bool {
		put(own, attr)
		return true
	})
	h.journal.line(h.invocation, h.attempt, record.Level, record.Message, fields)
	return nil
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	for i := len(h.groups) - 1; i >= 0; i-- {
		attrs = []slog.Attr{{Key: h.groups[i], Value: slog.GroupValue(attrs...)}}
	}
	next.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return &next
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	next := *h
	next.groups = append(h.groups[:len(h.groups):len(h.groups)], name)
	return &next
}

func put(fields map[string]any, attr slog.Attr) {
	value := attr.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			fields = within(fields, attr.Key)
		}
		for _, inner := range value.Group() {
			put(fields, inner)
		}
		return
	}
	switch found := value.Any().(type) {
	case error:
		fields[attr.Key] = found.Error()
	case time.Duration:
		fields[attr.Key] = found.String()
	default:
		fields[attr.Key] = found
	}
}

func within(fields map[string]any, group string) map[string]any {
	if inner, ok := fields[group].(map[string]any); ok {
		return inner
	}
	inner := map[string]any{}
	fields[group] = inner
	return inner
}

func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	default:
		return "error"
	}
}
