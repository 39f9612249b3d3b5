package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

// Patience is how long a handler that was asked to stop may take; then it is left behind.
type Patience struct {
	// Cancelled is after a cancellation: what it does in this time still counts.
	Cancelled time.Duration
	// Stopping is when its result no longer counts (another attempt may have begun), or the worker stops.
	Stopping time.Duration
}

// DefaultPatience is that of every worker.
var DefaultPatience = Patience{Cancelled: 10 * time.Second, Stopping: 2 * time.Second}

func (p Patience) after(cause error) time.Duration {
	if errors.Is(cause, wistro.ErrCancelled) {
		return p.Cancelled
	}
	return p.Stopping
}

// Attempt is what the surroundings of an attempt know of it.
type Attempt struct {
	// Number counts the attempts of the delivery, from 1.
	Number int
	// Heartbeat is called with what the handler reports.
	Heartbeat func(details json.RawMessage)
}

// StoppedError says that an attempt was stopped, and why: one of the causes of package wistro.
type StoppedError struct{ Cause error }

func (e *StoppedError) Error() string { return "the attempt was stopped: " + e.Cause.Error() }

// Unwrap is why it was stopped.
func (e *StoppedError) Unwrap() error { return e.Cause }

// Services is what handlers reach through their context.
type Services struct {
	// API is the worker API, for state and streams.
	API     *API
	Secrets wistro.Secrets
	Journal *DeliveryJournal
}

// Executor runs the steps of a project by their ids.
type Executor struct {
	services Services
	patience Patience
	root     string
	steps    map[string]*preparedStep
	answers  map[string]check
	broken   map[string]error
}

// NewExecutor prepares the steps of a manifest; one that cannot be used fails when it is run, and only then.
func NewExecutor(manifest *Manifest, registered []wistro.Registered, services Services, patience Patience) *Executor {
	executor := &Executor{
		services: services, patience: patience, root: manifest.Root,
		steps: map[string]*preparedStep{}, answers: map[string]check{}, broken: map[string]error{},
	}
	for flow, schema := range manifest.Answers {
		executor.answers[flow] = answerOf(flow, schema)
	}
	code := map[string]*wistro.Step{}
	for _, step := range registered {
		if step.Step != nil {
			code[stepID(step)] = step.Step
		}
	}
	for id, described := range manifest.Steps {
		step, found := code[id]
		if !found {
			executor.broken[id] = setupError("stale_worker",
				fmt.Errorf("`%s` (`%s`) is not in this worker: it was built before the step was written", id, described.Path),
				"build the worker again: `wistro dev` and `wistro start` do")
			continue
		}
		prepared, err := prepare(id, step, described, manifest.Motia)
		if err != nil {
			executor.broken[id] = setupError("bad_schema", err, "correct the schema, or the type that it was made of")
			continue
		}
		executor.steps[id] = prepared
	}
	return executor
}

// Broken are the steps that cannot be run, and why.
func (e *Executor) Broken() map[string]error { return e.broken }

// Run makes one attempt (FailedError, StoppedError). The context is done when the attempt is to stop, and
// its cause says why; a handler that does not stop in time is left behind, without any effect.
func (e *Executor) Run(ctx context.Context, invocation *contract.Invocation, attempt Attempt) (contract.StepResult, error) {
	step, err := e.find(invocation)
	if err != nil {
		return contract.StepResult{}, &FailedError{Info: describe(err, nil)}
	}
	logger := e.services.Journal.logger(invocation, attempt.Number)
	recording := newRecording(step, e.answers[invocation.Flow], logger)
	done := make(chan outcome, 1)
	seen := newContext(ctx, step, invocation, attempt, recording, e.services, logger)
	go e.call(seen, done)
	found, finished := await(ctx, done, e.patience)
	switch {
	case !finished:
		recording.close()
		return contract.StepResult{}, &StoppedError{Cause: context.Cause(ctx)}
	case found.err == nil:
		return found.result, nil
	case hasStopped(ctx, found.err):
		return contract.StepResult{}, &StoppedError{Cause: context.Cause(ctx)}
	default:
		return contract.StepResult{}, &FailedError{Info: describe(found.err, step.terminal)}
	}
}

type outcome struct {
	result contract.StepResult
	err    error
}

// await waits for the outcome, and no longer than patience allows once the context is done.
func await(ctx context.Context, done <-chan outcome, patience Patience) (outcome, bool) {
	select {
	case found := <-done:
		return found, true
	case <-ctx.Done():
	}
	grace := time.NewTimer(patience.after(context.Cause(ctx)))
	defer grace.Stop()
	select {
	case found := <-done:
		return found, true
	case <-grace.C:
		return outcome{}, false
	}
}

// hasStopped tells a handler that stopped because it was asked to from one that failed.
func hasStopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}

// call calls the handler, in a goroutine of its own, and says what became of it: also when the handler
// panics, or ends the goroutine.
func (e *Executor) call(ctx *handlerContext, done chan<- outcome) {
	found, returned := outcome{}, false
	defer func() {
		ctx.recording.close()
		if value := recover(); value != nil {
			found = outcome{err: &panicError{value: value, stack: stackOf(e.root)}}
		} else if !returned {
			found = outcome{err: errors.New("the handler ended its goroutine with `runtime.Goexit`")}
		}
		done <- found
	}()
	found.result, found.err = handle(ctx)
	returned = true
}

func handle(ctx *handlerContext) (contract.StepResult, error) {
	step, none := ctx.step, contract.StepResult{}
	if err := ctx.recording.soften(step.checkInput(ctx.invocation)); err != nil {
		return none, err
	}
	returned, err := step.run(ctx, orNull(ctx.invocation.Data))
	if err != nil {
		return none, err
	}
	output, err := step.dump(returned)
	if err != nil {
		return none, err
	}
	if complaint := step.complaint(output); complaint != "" {
		ctx.logger.Warn(complaint)
	}
	return ctx.recording.result(output), nil
}

func (e *Executor) find(invocation *contract.Invocation) (*preparedStep, error) {
	if invocation.Segment != nil {
		return nil, &wistro.RetryableError{
			Code: "bad_invocation",
			Err:  fmt.Errorf("`%s` was to run next to its workflow, which only Python steps can", invocation.Step),
			Hint: "update the engine and the workers to the same release",
		}
	}
	if step, found := e.steps[invocation.Step]; found {
		return step, nil
	}
	if err, found := e.broken[invocation.Step]; found {
		return nil, err
	}
	known := slices.Sorted(maps.Keys(e.steps))
	hint := "known are `" + strings.Join(known, "`, `") + "`"
	if near := closest(invocation.Step, known); near != "" {
		hint = fmt.Sprintf("did you mean `%s`?", near)
	}
	// Another worker may have it, or this one after it was updated.
	return nil, &wistro.RetryableError{
		Code: "unknown_step",
		Err:  fmt.Errorf("this worker has no step `%s`", invocation.Step),
		Hint: hint,
	}
}

// setupError is an error of the project: somebody must change something, and attempts do not help.
func setupError(code string, err error, hint string) error {
	return &wistro.TerminalError{Code: code, Err: err, Hint: hint}
}
