package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"wistro.dev/go"
	"wistro.dev/go/internal/codec"
	"wistro.dev/go/internal/contract"
)

// The longest time between two signs of life: cancellation reaches a handler with one of them.
const heartbeatEvery = 5 * time.Second

// Activities is what Temporal calls: one dynamic activity, which runs whatever step it is named after.
type Activities struct {
	deliveries *Deliveries
	// drain is how long attempts may go on when the worker stops.
	drain time.Duration
	// limit bounds the JSON text of a result.
	limit int
}

// NewActivities makes the activity of a worker.
func NewActivities(deliveries *Deliveries, drain time.Duration, limit int) *Activities {
	return &Activities{deliveries: deliveries, drain: drain, limit: limit}
}

// Run is the dynamic activity: one Invocation in, a StepResult out.
func (a *Activities) Run(ctx context.Context, args converter.EncodedValues) (converter.RawValue, error) {
	none := converter.RawValue{}
	invocation, err := invocationOf(args)
	if err != nil {
		return none, reported(err)
	}
	around := surround(ctx, a.drain)
	defer around.end()
	result, err := a.deliveries.Attempt(around.handler, &invocation, Attempt{
		Number:    invocation.Attempt + int(activity.GetInfo(ctx).Attempt),
		Heartbeat: around.report,
	})
	if err != nil {
		return none, reported(err)
	}
	text, err := contract.Write(result)
	if err == nil {
		err = checkSize(invocation.Step, result, text, a.limit)
	}
	if err != nil {
		return none, reported(err)
	}
	return converter.NewRawValue(jsonPayload(text)), nil
}

func invocationOf(args converter.EncodedValues) (contract.Invocation, error) {
	var raw converter.RawValue
	if err := args.Get(&raw); err != nil {
		var refused *codec.Error
		if errors.As(err, &refused) && !refused.Retryable {
			return contract.Invocation{}, &wistro.TerminalError{Code: string(refused.Code), Err: err}
		}
		return contract.Invocation{}, &wistro.RetryableError{Code: string(codec.CodeOf(err)), Err: err}
	}
	return readInvocation(raw.Payload().GetData())
}

func readInvocation(text []byte) (contract.Invocation, error) {
	invocation, err := contract.ReadInvocation(text)
	var later *contract.VersionError
	var unreadable *contract.UnreadableError
	switch {
	case errors.As(err, &later):
		err = &wistro.RetryableError{Code: "contract_version", Err: err, Hint: "update the worker"}
	case errors.As(err, &unreadable):
		err = &wistro.RetryableError{
			Code: "bad_invocation", Err: err,
			Hint:    "update the engine and the workers to the same release",
			Details: map[string]any{"issues": unreadable.Issues},
		}
	}
	return invocation, err
}

// reported is an error as Temporal takes it: an application failure with the ErrorInfo as its one detail.
func reported(err error) error {
	var failed *FailedError
	var stopped *StoppedError
	switch {
	case errors.As(err, &stopped):
		if reason(stopped.Cause) == "cancelled" {
			return temporal.NewCanceledError()
		}
		// Temporal takes "cancelled" only from an activity that it asked to stop.
		failed = &FailedError{Info: stoppedInfo(stopped)}
	case !errors.As(err, &failed):
		failed = &FailedError{Info: describe(err, nil)}
	}
	info := failed.Info
	options := temporal.ApplicationErrorOptions{NonRetryable: !info.Retryable, Details: []any{info}}
	if info.RetryAfter != nil {
		options.NextRetryDelay = time.Duration(*info.RetryAfter * float64(time.Second))
	}
	// By the type of the error, as policies name the errors that are never retried.
	return temporal.NewApplicationErrorWithOptions(info.Message, orElse(value(info.Type), info.Code), options)
}

func stoppedInfo(stopped *StoppedError) contract.ErrorInfo {
	if !errors.Is(stopped.Cause, wistro.ErrWorkerStopping) {
		// Nobody hears this any more, unless Temporal changes its mind.
		message := fmt.Sprintf("the attempt was stopped, its result cannot count: %v", stopped.Cause)
		return contract.ErrorInfo{Code: reason(stopped.Cause), Message: message, Retryable: true}
	}
	name := "WorkerStopped"
	return contract.ErrorInfo{
		Code:    "worker_stopped",
		Message: "the worker stopped before the attempt was over; another attempt follows",
		Type:    &name, Retryable: true,
	}
}

func jsonPayload(text []byte) *commonpb.Payload {
	return &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
		Data:     text,
	}
}

// surroundings is what an activity knows about its attempt: it gives signs of life, and tells the handler
// when to stop.
type surroundings struct {
	// handler is the context of the handler: done when it is to stop, with the cause.
	handler context.Context
	stop    context.CancelCauseFunc
	cancel  context.CancelFunc
	reports chan json.RawMessage
	ended   chan struct{}
}

func surround(ctx context.Context, drain time.Duration) *surroundings {
	info := activity.GetInfo(ctx)
	// Not done when the activity's context is: why it stops is said by us.
	deadline, cancel := context.WithDeadlineCause(context.WithoutCancel(ctx), info.Deadline, wistro.ErrTimeout)
	handler, stop := context.WithCancelCause(deadline)
	around := &surroundings{
		handler: handler, stop: stop, cancel: cancel,
		reports: make(chan json.RawMessage, 1), ended: make(chan struct{}),
	}
	go around.watch(ctx, info.HeartbeatTimeout, drain)
	return around
}

// report keeps the latest progress, and has it sent soon.
func (s *surroundings) report(details json.RawMessage) {
	for {
		select {
		case s.reports <- details:
			return
		case <-s.ended:
			return
		default:
		}
		// The one that waits is older.
		select {
		case <-s.reports:
		default:
		}
	}
}

func (s *surroundings) end() {
	close(s.ended)
	s.stop(nil)
	s.cancel()
}

// watch gives signs of life until the attempt has ended.
func (s *surroundings) watch(ctx context.Context, timeout, drain time.Duration) {
	var beat <-chan time.Time
	if timeout > 0 {
		ticker := time.NewTicker(min(timeout/4, heartbeatEvery))
		defer ticker.Stop()
		beat = ticker.C
	}
	stopping, stopped, drained := activity.GetWorkerStopChannel(ctx), ctx.Done(), (<-chan time.Time)(nil)
	var details json.RawMessage
	for {
		select {
		case <-s.ended:
			return
		case details = <-s.reports:
			heartbeat(ctx, details)
		case <-beat:
			// With the latest details: the next sign of life would replace them with nothing.
			heartbeat(ctx, details)
		case <-stopping:
			stopping, drained = nil, time.After(drain)
		case <-drained:
			drained = nil
			s.stop(wistro.ErrWorkerStopping)
		case <-stopped:
			stopped = nil
			s.stop(causeOf(ctx))
		}
	}
}

func heartbeat(ctx context.Context, details json.RawMessage) {
	if details == nil {
		activity.RecordHeartbeat(ctx)
		return
	}
	activity.RecordHeartbeat(ctx, converter.NewRawValue(jsonPayload(details)))
}
