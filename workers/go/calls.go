package wistro

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Flow is a flow of the project that can be called, with the types of what it takes and answers. Declared
// once, another type does not compile:
//
//	var Credit = wistro.Callable[Order, Score]("credit")
//	…
//	score, err := Credit.Call(ctx, order)
type Flow[In, Out any] struct{ name string }

// Callable names a flow that takes In and answers Out.
func Callable[In, Out any](flow string) Flow[In, Out] { return Flow[In, Out]{name: flow} }

// Name is the id of the flow.
func (f Flow[In, Out]) Name() string { return f.name }

// Call runs the flow and waits for its answer, as [Context.Call] does.
func (f Flow[In, Out]) Call(ctx Context, input In, options ...CallOption) (Out, error) {
	var answer Out
	err := ctx.Call(f.name, input, &answer, options...)
	return answer, err
}

// CallOption says more about a call: [CallKey], [CallTimeout], [CallDetached], [CallContext].
type CallOption func(*CallOptions)

// CallOptions is all that can be said about a call; for test kits.
type CallOptions struct {
	// Key names the call within its delivery; "" numbers it.
	Key string
	// Timeout is how long this attempt waits for the answer; 0: as long as it may take.
	Timeout time.Duration
	// Detached lets the call go on when the run that made it ends.
	Detached bool
	// ClientContext is what the called flow sees of the caller; nil: what this run was told.
	ClientContext any
}

// CallKey names a call. An attempt finds the calls of the one before it by their order; who calls in an
// order that is not always the same, from several goroutines for example, names them.
func CallKey(key string) CallOption { return func(o *CallOptions) { o.Key = key } }

// CallTimeout is how long this attempt waits for the answer; then there is a [CallPendingError]. Without
// it, as long as the attempt may take.
func CallTimeout(timeout time.Duration) CallOption {
	return func(o *CallOptions) { o.Timeout = timeout }
}

// CallDetached lets the call go on when the run that made it ends.
func CallDetached() CallOption { return func(o *CallOptions) { o.Detached = true } }

// CallContext is what the called flow sees of the caller: its app, its locale, anything. Without it, what
// this run was told.
func CallContext(client any) CallOption { return func(o *CallOptions) { o.ClientContext = client } }

// CallStatus is how a call without an answer ended.
type CallStatus string

// How a call without an answer can end.
const (
	// CallNotReached is of a run that ended without an answer.
	CallNotReached CallStatus = "response_not_reached"
	// CallFlowFailed is of a run that failed.
	CallFlowFailed CallStatus = "flow_failed"
	// CallTimedOut is of a run that took too long.
	CallTimedOut CallStatus = "timeout"
	// CallCancelled is of a run that was cancelled.
	CallCancelled CallStatus = "cancelled"
)

// CallFailedError says that a flow that was called gave no answer. The same call would end the same, so it
// is a [TerminalError] too; a handler that knows what to do instead finds it with [errors.As].
type CallFailedError struct {
	// Flow is the flow that was called.
	Flow string
	// CallID is the id of the call, which is that of its run.
	CallID string
	// Status is how it ended.
	Status CallStatus
	// Code is a word for programs: that of the flow's own error.
	Code string
	// Message is what the flow says of it.
	Message string
	// Path is the steps that its run came by, when it ended without an answer.
	Path []string
}

func (e *CallFailedError) Error() string {
	return fmt.Sprintf("the call of `%s` has no answer: %s", e.Flow, e.Message)
}

// Unwrap is that it is not tried again.
func (e *CallFailedError) Unwrap() error {
	details := map[string]any{"flow": e.Flow, "call_id": e.CallID, "status": e.Status}
	if len(e.Path) > 0 {
		details["path"] = e.Path
	}
	return &TerminalError{Err: errors.New(e.Error()), Code: e.Code, Details: details}
}

// CallPendingError says that there was no answer in time, or when the handler was asked to stop. The call
// goes on and the next attempt waits for it again, so it is a [RetryableError] too.
type CallPendingError struct {
	// Flow is the flow that was called.
	Flow string
	// CallID is the id of the call; "" while it is not known to have begun.
	CallID string
	// Err is why nobody waits any longer: [context.DeadlineExceeded] after [CallTimeout], else one of the
	// causes of a [Context] that is done.
	Err error
}

func (e *CallPendingError) Error() string {
	return fmt.Sprintf("the call of `%s` has no answer yet: %v", e.Flow, e.Err)
}

// Unwrap is that it may be tried again, and why nobody waits any longer.
func (e *CallPendingError) Unwrap() []error {
	details := map[string]any{"flow": e.Flow, "call_id": nil}
	if e.CallID != "" {
		details["call_id"] = e.CallID
	}
	if !errors.Is(e.Err, context.DeadlineExceeded) {
		details["reason"] = e.Err.Error()
	}
	return []error{&RetryableError{
		Err: errors.New(e.Error()), Code: CodeCallPending, Details: details,
		Hint: "the call goes on, and the next attempt waits for it again",
	}, e.Err}
}
