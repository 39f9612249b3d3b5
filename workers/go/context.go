package wistro

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
)

// Context is what a handler sees: what it may do, who it is and why it runs.
//
// It is a [context.Context] that is done when the handler is asked to stop; [context.Cause] says why:
// [ErrCancelled], [ErrTimeout], [ErrWorkerStopping] or [ErrSuperseded]. Its methods may be called from any
// goroutine until the handler returns.
type Context interface {
	context.Context

	// Emit emits a message on a topic that the step declares. The message is copied at once, and sent when
	// the handler has succeeded.
	Emit(topic string, data any) error
	// Respond gives the answer of a callable flow, once per run.
	Respond(data any) error
	// Call runs a callable flow, waits for its answer and reads it into a pointer; nil drops the answer. An
	// attempt that follows a crash finds the call that was made, and does not make another one. It ends with
	// the run that made it. [Callable] gives flows types.
	//
	// A flow that does not answer is a [CallFailedError]; one that has not answered in time a
	// [CallPendingError].
	Call(flow string, input, into any, options ...CallOption) error
	// State is the durable values by group and key, shared by the flows of the project.
	State() State
	// Streams is the live collection of that name.
	Streams(name string) Stream
	// Secrets are passwords and keys, masked in logs.
	Secrets() Secrets
	// Logger writes to the run's log: `ctx.Logger().Info("Charged the card", "order", 7)`.
	Logger() *slog.Logger
	// Heartbeat reports progress, for example `map[string]int{"done": 3, "of": 10}`. Workers show signs of
	// life by themselves.
	Heartbeat(details any) error

	// RunID is the id of the run: 32 hex digits.
	RunID() string
	// TraceID is the id of the run, which is also the id of its trace.
	TraceID() string
	// Step is the id of the step.
	Step() string
	// Flow is the id of the flow that runs.
	Flow() string
	// Flows are the flows that the step belongs to.
	Flows() []string
	// Attempt counts the attempts of this delivery, from 1.
	Attempt() int
	// DeliveryID is the id of this delivery, the same in each attempt.
	DeliveryID() string
	// IdempotencyKey is the same in each attempt, and in no other delivery of any run: give it to services
	// that you call.
	IdempotencyKey() string
	// Topic is the topic of the message, when a message set the step off, else "".
	Topic() string
	// Trigger is what started the run.
	Trigger() Trigger
	// ClientContext is what the caller said about itself; nil when it said nothing.
	ClientContext() json.RawMessage
}

// Secrets is where passwords and keys come from.
type Secrets interface {
	// Get is the value of a secret; it is masked in logs and errors from now on. One that is not there is a
	// [TerminalError].
	Get(name string) (string, error)
}

// Trigger is what started a run.
type Trigger struct {
	// Kind is `api`, `event`, `cron`, `call`, `flow`, `operator` or `fork`.
	Kind string `json:"kind"`
	// Step is the api, cron or call step that was triggered.
	Step string `json:"step"`
	// Topic is the topic of the starting message, when a message started the run.
	Topic string `json:"topic"`
	// Parent is the run that this one is linked to.
	Parent *RunRef `json:"parent"`
	// By is who asked for it: a user, an API key's name, a system.
	By string `json:"by"`
	// ClientContext is what the caller said about itself.
	ClientContext json.RawMessage `json:"client_context"`
	// Traceparent is the W3C trace context of the caller.
	Traceparent string `json:"traceparent"`
	// Depth is how many calls of flows lie between this run and the one that no flow called.
	Depth int `json:"depth"`
}

// RunRef names a run, and a delivery in it.
type RunRef struct {
	Flow       string `json:"flow"`
	RunID      string `json:"run_id"`
	DeliveryID string `json:"delivery_id"`
}

// Why a handler was asked to stop: the causes of a [Context] that is done.
var (
	ErrCancelled      = errors.New("the run was cancelled")
	ErrTimeout        = errors.New("the attempt took too long")
	ErrWorkerStopping = errors.New("the worker is stopping")
	ErrSuperseded     = errors.New("another attempt of the delivery has started")
)
