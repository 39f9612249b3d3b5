package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

// longestWait is what one request waits for an answer: below what proxies put up with.
const longestWait = 25 * time.Second

// calling is the calls of flows that one attempt makes: which call it is, how long it is waited for, and
// what it ends with. Requests may be repeated: done twice, they are done once.
type calling struct {
	// numbers counts the calls without a key. They are how the next attempt finds them.
	numbers atomic.Int64
}

// madeCall is a call as a handler makes it.
type madeCall struct {
	flow    string
	input   any
	options wistro.CallOptions
}

func made(flow string, input any, options []wistro.CallOption) madeCall {
	call := madeCall{flow: flow, input: input}
	for _, option := range options {
		option(&call.options)
	}
	return call
}

// called is a call, and its answer as far as there is one.
type called struct {
	Flow   string
	CallID string `json:"call_id"`
	Answer *struct {
		Status wistro.CallStatus
		Data   json.RawMessage
		Error  *struct{ Code, Message string }
		Path   []string
	}
}

// call makes a call and reads its answer (wistro.CallFailedError, wistro.CallPendingError).
func (c *calling) call(api calls, of *contract.Invocation, made madeCall, into any) error {
	if err := api.check("Call"); err != nil {
		return err
	}
	body, err := c.body(api.ctx, of, made)
	if err != nil {
		return err
	}
	found, err := waitFor(api, body, made)
	if err != nil {
		return err
	}
	if found.Answer.Status != "answered" {
		return failedCall(found)
	}
	if into == nil {
		return nil
	}
	return decodeInto(found.Answer.Data, into, fmt.Sprintf("the answer of the flow `%s`", found.Flow))
}

// body is what says which call it is.
func (c *calling) body(ctx context.Context, of *contract.Invocation, made madeCall) (fields, error) {
	input, err := encode(made.input, fmt.Sprintf("What `%s` calls `%s` with", of.Step, made.flow))
	if err != nil {
		return nil, err
	}
	client := orNull(of.Trigger.ClientContext)
	if made.options.ClientContext != nil {
		client, err = encode(made.options.ClientContext, fmt.Sprintf("The client context of `%s`", made.flow))
		if err != nil {
			return nil, err
		}
	}
	body := fields{
		"flow": made.flow, "input": input, "detached": made.options.Detached,
		"delivery_id": of.DeliveryID, "idempotency_key": of.IdempotencyKey, "released": of.Released,
		"depth": of.Trigger.Depth, "by": of.Trigger.By, "client_context": client,
		"traceparent": spanOr(ctx, of.Trigger.Traceparent),
	}
	if made.options.Key != "" {
		body["key"] = made.options.Key
	} else {
		body["number"] = c.numbers.Add(1)
	}
	return body, nil
}

// waitFor asks until there is an answer, or nobody waits any longer.
func waitFor(api calls, body fields, made madeCall) (called, error) {
	found, operation := called{Flow: made.flow}, "calls/call"
	var deadline time.Time
	if made.options.Timeout > 0 {
		deadline = time.Now().Add(made.options.Timeout)
	}
	for {
		wait, patience := longestWait, apiPatience
		if !deadline.IsZero() {
			left := max(0, time.Until(deadline))
			wait, patience = min(wait, left), min(patience, left)
		}
		body["wait"] = wait.Seconds()
		err := api.make(call{path: operation, body: body, repeatable: true, wait: wait, patience: patience}, &found)
		switch {
		case err == nil && found.Answer != nil:
			return found, nil
		case api.ctx.Err() != nil:
			return found, &wistro.CallPendingError{Flow: found.Flow, CallID: found.CallID, Err: context.Cause(api.ctx)}
		case err != nil:
			return found, err
		case !deadline.IsZero() && !time.Now().Before(deadline):
			return found, &wistro.CallPendingError{Flow: found.Flow, CallID: found.CallID, Err: context.DeadlineExceeded}
		}
		operation, body = "calls/fetch", fields{"flow": found.Flow, "call_id": found.CallID}
	}
}

func failedCall(found called) error {
	failed := &wistro.CallFailedError{
		Flow: found.Flow, CallID: found.CallID, Status: found.Answer.Status, Path: found.Answer.Path,
		Code: string(found.Answer.Status), Message: fmt.Sprintf("it is `%s`", found.Answer.Status),
	}
	if said := found.Answer.Error; said != nil {
		failed.Code, failed.Message = said.Code, said.Message
	}
	return failed
}

// spanOr is the trace context of the attempt's span, else the one of what started the run.
func spanOr(ctx context.Context, otherwise *string) *string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if own, traced := carrier["traceparent"]; traced {
		return &own
	}
	return otherwise
}
