package wistrotest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"wistro.dev/go"
)

// Call is a call of a flow that a handler made.
type Call struct {
	Flow    string
	Input   json.RawMessage
	Options wistro.CallOptions
}

// Answer is what a flow answers, or the error that its caller gets, such as a [wistro.CallFailedError].
type Answer func(input json.RawMessage) (any, error)

// Answering makes an [Answer] of a function with types:
//
//	ctx.Given.Answers["credit"] = wistrotest.Answering(func(order Order) (Score, error) {
//		return Score{Points: 7}, nil
//	})
func Answering[In, Out any](answer func(input In) (Out, error)) Answer {
	return func(data json.RawMessage) (any, error) {
		var input In
		if err := read(data, &input, "what the flow is called with"); err != nil {
			return nil, err
		}
		return answer(input)
	}
}

// Calls are the calls of flows that the handler made, in order.
func (c *Context) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// Call answers as [Given] says.
func (c *Context) Call(flow string, input, into any, options ...wistro.CallOption) error {
	data, err := c.write(input, fmt.Sprintf("what `%s` calls `%s` with", c.Given.Step, flow))
	if err != nil {
		return err
	}
	call := Call{Flow: flow, Input: data}
	for _, option := range options {
		option(&call.Options)
	}
	if err := c.keep("Call", func() { c.calls = append(c.calls, call) }); err != nil {
		return err
	}
	if c.Err() != nil {
		return &wistro.CallPendingError{Flow: flow, Err: context.Cause(c)}
	}
	answer, known := c.Given.Answers[flow]
	if !known {
		return &wistro.TerminalError{
			Code: "not_callable", Err: fmt.Errorf("there is no flow `%s` that can be called", flow),
			Hint: fmt.Sprintf("say `ctx.Given.Answers[%q] = …` in the test", flow),
		}
	}
	given, err := answer(data)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("the answer of the flow `%s`", flow)
	if data, err = c.write(given, what); err != nil || into == nil {
		return err
	}
	return read(data, into, what)
}

func read(data json.RawMessage, into any, what string) error {
	if err := json.Unmarshal(data, into); err != nil {
		return &wistro.TerminalError{
			Code: wistro.CodeInvalid, Err: fmt.Errorf("%s, %s, does not fit `%T`: %w", what, data, into, err),
			Hint: "change the caller or the type so that the two agree",
		}
	}
	return nil
}
