package worker

import (
	"context"
	"encoding/json"
	"log/slog"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/seam"
)

// handlerContext is what a handler sees.
type handlerContext struct {
	context.Context
	step       *preparedStep
	invocation *contract.Invocation
	attempt    Attempt
	recording  *recording
	services   Services
	logger     *slog.Logger
	calling    calling
}

var _ wistro.Context = (*handlerContext)(nil)

func newContext(
	ctx context.Context, step *preparedStep, invocation *contract.Invocation,
	attempt Attempt, recording *recording, services Services, logger *slog.Logger,
) *handlerContext {
	if step.kind == wistro.KindAPI {
		ctx = seam.WithBodyCheck(ctx, func(body json.RawMessage) error { return recording.soften(step.checkBody(body)) })
	}
	return &handlerContext{
		Context: ctx, step: step, invocation: invocation, attempt: attempt,
		recording: recording, services: services, logger: logger,
	}
}

func (c *handlerContext) Emit(topic string, data any) error { return c.recording.emit(topic, data) }
func (c *handlerContext) Respond(data any) error            { return c.recording.respond(data) }
func (c *handlerContext) Secrets() wistro.Secrets           { return c.services.Secrets }
func (c *handlerContext) Logger() *slog.Logger              { return c.logger }

func (c *handlerContext) Call(flow string, input, into any, options ...wistro.CallOption) error {
	return c.calling.call(c.calls(), c.invocation, made(flow, input, options), into)
}

func (c *handlerContext) Heartbeat(details any) error {
	progress, err := c.recording.progress(details)
	if err == nil {
		c.attempt.Heartbeat(progress)
	}
	return err
}

func (c *handlerContext) State() wistro.State { return &state{c.calls()} }

func (c *handlerContext) Streams(name string) wistro.Stream {
	return &stream{name: name, calls: c.calls()}
}

func (c *handlerContext) calls() calls {
	return calls{
		ctx: c.Context, api: c.services.API, check: c.recording.checkOpen,
		flow: c.invocation.Flow, run: c.invocation.RunID,
	}
}

func (c *handlerContext) RunID() string          { return c.invocation.RunID }
func (c *handlerContext) TraceID() string        { return c.invocation.RunID }
func (c *handlerContext) Step() string           { return c.invocation.Step }
func (c *handlerContext) Flow() string           { return c.invocation.Flow }
func (c *handlerContext) Attempt() int           { return c.attempt.Number }
func (c *handlerContext) DeliveryID() string     { return c.invocation.DeliveryID }
func (c *handlerContext) IdempotencyKey() string { return c.invocation.IdempotencyKey }
func (c *handlerContext) Topic() string          { return value(c.invocation.Topic) }

func (c *handlerContext) Flows() []string {
	if len(c.step.flows) == 0 {
		return []string{c.invocation.Flow}
	}
	return c.step.flows
}

func (c *handlerContext) ClientContext() json.RawMessage {
	return known(c.invocation.Trigger.ClientContext)
}

func (c *handlerContext) Trigger() wistro.Trigger {
	given := c.invocation.Trigger
	trigger := wistro.Trigger{
		Kind: given.Kind, Step: value(given.Step), Topic: value(given.Topic), By: value(given.By),
		ClientContext: known(given.ClientContext), Traceparent: value(given.Traceparent),
		Depth: given.Depth,
	}
	if given.Parent != nil {
		trigger.Parent = &wistro.RunRef{
			Flow: given.Parent.Flow, RunID: given.Parent.RunID, DeliveryID: value(given.Parent.DeliveryID),
		}
	}
	return trigger
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// known is a JSON value, or nil for null.
func known(data json.RawMessage) json.RawMessage {
	if string(data) == "null" {
		return nil
	}
	return data
}
