// Package wistrotest runs one step with a context of its own: no server, no worker, nothing kept.
//
//	func TestTellWarehouse(t *testing.T) {
//		ctx := wistrotest.New(t)
//		if _, err := ctx.Run(steps.TellWarehouse, steps.Shipped{OrderID: "7"}); err != nil {
//			t.Fatal(err)
//		}
//		told := wistrotest.Emitted[steps.Told](ctx, "warehouse.told")
//		if len(told) != 1 || told[0].OrderID != "7" {
//			t.Errorf("got %v", told)
//		}
//	}
//
// Whole flows are tested from Python, with its fixture `project`.
package wistrotest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"wistro.dev/go"
	"wistro.dev/go/internal/schema"
)

// Given is what a test says about an attempt before it runs a handler.
type Given struct {
	Step, Flow, RunID, DeliveryID, IdempotencyKey, Topic string
	// Flows are those that the step belongs to.
	Flows []string
	// Attempt counts the attempts, from 1.
	Attempt int
	Trigger wistro.Trigger
	// Secrets are passwords and keys by their names.
	Secrets map[string]string
	// Answers are what flows answer that the handler calls, by their ids.
	Answers map[string]Answer
}

// Context is a [wistro.Context] that remembers what a handler did. It may be given to a function that takes
// one, or run a step.
type Context struct {
	context.Context
	// Given may be changed before a handler runs.
	Given Given

	t      testing.TB
	cancel context.CancelCauseFunc
	logs   *logs
	state  *memory
	topics *topics

	mu         sync.Mutex
	emissions  []Emission
	response   json.RawMessage
	heartbeats []json.RawMessage
	calls      []Call
	streams    map[string]*Stream
	over       bool
}

var _ wistro.Context = (*Context)(nil)

// Emission is a message that a handler emitted.
type Emission struct {
	Topic string
	Data  json.RawMessage
}

// New makes a context for a test: that of the first attempt of a delivery, in a run of the flow `test`.
func New(t testing.TB) *Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	return &Context{
		Context: ctx,
		Given: Given{
			Step: "step", Flow: "test", Attempt: 1, Secrets: map[string]string{},
			Answers: map[string]Answer{},
			RunID:   "0af7651916cd43dd8448eb211c80319c", DeliveryID: "b7ad6b7169203331",
			IdempotencyKey: "0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331",
			Trigger:        wistro.Trigger{Kind: "event"},
		},
		t: t, cancel: cancel, logs: &logs{t: t}, state: newMemory(), streams: map[string]*Stream{},
	}
}

// Cancel asks the handler to stop, for one of the reasons of package wistro, such as [wistro.ErrTimeout].
func (c *Context) Cancel(reason error) { c.cancel(reason) }

// Emissions are the messages that the handler emitted, in order.
func (c *Context) Emissions() []Emission {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.emissions)
}

// Emitted are the messages of one topic.
func Emitted[T any](ctx *Context, topic string) []T {
	ctx.t.Helper()
	var found []T
	for _, emission := range ctx.Emissions() {
		if emission.Topic == topic {
			var message T
			if err := json.Unmarshal(emission.Data, &message); err != nil {
				ctx.t.Fatalf("a message on `%s` is no `%T`: %v", topic, message, err)
			}
			found = append(found, message)
		}
	}
	return found
}

// Response is what the handler answered with, nil when it did not.
func (c *Context) Response() json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.response
}

// Heartbeats are the reports of progress, in order.
func (c *Context) Heartbeats() []json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heartbeats)
}

// Logs are the lines that the handler logged.
func (c *Context) Logs() []Line { return c.logs.all() }

// ------------------------------------------------------------------------ what a handler sees

// Emit keeps a message, as a worker does.
func (c *Context) Emit(topic string, data any) error {
	message, err := c.write(data, fmt.Sprintf("the message that `%s` emits on `%s`", c.Given.Step, topic))
	if err != nil {
		return err
	}
	if err := c.topics.check(c.Given.Step, topic, message); err != nil {
		return err
	}
	return c.keep("Emit", func() { c.emissions = append(c.emissions, Emission{Topic: topic, Data: message}) })
}

// Respond keeps the answer, as a worker does.
func (c *Context) Respond(data any) error {
	response, err := c.write(data, fmt.Sprintf("the response of `%s`", c.Given.Step))
	if err != nil {
		return err
	}
	if c.Response() != nil {
		return &wistro.TerminalError{
			Code: wistro.CodeAlreadyResponded,
			Err:  fmt.Errorf("`%s` responds a second time; a run answers once", c.Given.Step),
			Hint: "respond with everything at once, or emit a message",
		}
	}
	return c.keep("Respond", func() { c.response = response })
}

// Heartbeat keeps the report.
func (c *Context) Heartbeat(details any) error {
	progress, err := c.write(details, fmt.Sprintf("the progress of `%s`", c.Given.Step))
	if err != nil {
		return err
	}
	return c.keep("Heartbeat", func() { c.heartbeats = append(c.heartbeats, progress) })
}

// keep does something unless the attempt is over.
func (c *Context) keep(what string, do func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return &wistro.TerminalError{
			Code: wistro.CodeAttemptOver,
			Err:  fmt.Errorf("`%s` uses `ctx.%s` after its attempt is over", c.Given.Step, what),
			Hint: "wait for every goroutine that the handler starts",
		}
	}
	do()
	return nil
}

func (c *Context) write(data any, what string) (json.RawMessage, error) {
	text, err := schema.Write(data)
	if err != nil {
		return nil, &wistro.TerminalError{
			Code: wistro.CodeInvalid,
			Err:  fmt.Errorf("%s cannot be sent: %w", what, err),
			Hint: "send values that `encoding/json` can write, such as structs, slices, maps and texts",
		}
	}
	return text, nil
}

// State is in memory; a test may fill it first and look at it afterwards.
func (c *Context) State() wistro.State { return c.state }

// Streams is in memory, whatever streams the project has.
func (c *Context) Streams(name string) wistro.Stream { return c.Stream(name) }

// Stream is what [Context.Streams] gives to the handler, with what was sent.
func (c *Context) Stream(name string) *Stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[name] == nil {
		c.streams[name] = &Stream{items: newMemory()}
	}
	return c.streams[name]
}

// Secrets are those of [Given].
func (c *Context) Secrets() wistro.Secrets { return secrets(c.Given.Secrets) }

// Logger also writes to the log of the test.
func (c *Context) Logger() *slog.Logger { return c.logs.logger() }

// RunID is that of [Given].
func (c *Context) RunID() string { return c.Given.RunID }

// TraceID is the id of the run.
func (c *Context) TraceID() string { return c.Given.RunID }

// Step is that of [Given].
func (c *Context) Step() string { return c.Given.Step }

// Flow is that of [Given].
func (c *Context) Flow() string { return c.Given.Flow }

// Flows are those of [Given], else its flow.
func (c *Context) Flows() []string {
	if len(c.Given.Flows) == 0 {
		return []string{c.Given.Flow}
	}
	return c.Given.Flows
}

// Attempt is that of [Given].
func (c *Context) Attempt() int { return c.Given.Attempt }

// DeliveryID is that of [Given].
func (c *Context) DeliveryID() string { return c.Given.DeliveryID }

// IdempotencyKey is that of [Given].
func (c *Context) IdempotencyKey() string { return c.Given.IdempotencyKey }

// Topic is that of [Given].
func (c *Context) Topic() string { return c.Given.Topic }

// Trigger is that of [Given].
func (c *Context) Trigger() wistro.Trigger { return c.Given.Trigger }

// ClientContext is that of the trigger of [Given].
func (c *Context) ClientContext() json.RawMessage { return c.Given.Trigger.ClientContext }

type secrets map[string]string

// Get is the value of a secret that the test gave.
func (s secrets) Get(name string) (string, error) {
	if value, found := s[name]; found {
		return value, nil
	}
	return "", &wistro.TerminalError{
		Code: "unknown_secret",
		Err:  fmt.Errorf("there is no secret `%s`", name),
		Hint: fmt.Sprintf("say `ctx.Given.Secrets[%q] = …` in the test", name),
	}
}

// topics are what a step declares to emit; nil accepts everything.
type topics struct{ schemas map[string]any }

func (t *topics) check(step, topic string, message json.RawMessage) error {
	if t == nil {
		return nil
	}
	found, declared := t.schemas[topic]
	if !declared {
		var names []string
		for name := range t.schemas {
			names = append(names, "`"+name+"`")
		}
		slices.Sort(names)
		return &wistro.TerminalError{
			Code: wistro.CodeUndeclaredTopic,
			Err:  fmt.Errorf("`%s` emits on `%s`, a topic that it does not declare; it declares %s", step, topic, strings.Join(names, ", ")),
			Hint: fmt.Sprintf("add `%s` to `Emits` in its config", topic),
		}
	}
	return fits(found, message, fmt.Sprintf("the message that `%s` emits on `%s`", step, topic))
}
