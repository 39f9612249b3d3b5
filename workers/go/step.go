package wistro

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Kind is the kind of a step.
type Kind string

// The kinds of steps.
const (
	KindAPI   Kind = "api"
	KindEvent Kind = "event"
	KindCron  Kind = "cron"
	KindCall  Kind = "call"
	KindNoop  Kind = "noop"
)

// Step is a config and, unless it is a noop, a handler. [API], [Event], [Cron], [Call] and [Noop] make one.
//
// Its methods are for workers and test kits; authors of steps need none of them.
type Step struct {
	kind     Kind
	config   map[string]any
	run      runner
	problems []error
}

// Registered is a step with the file it was found in, relative to the project: what the generated main
// hands to the worker.
type Registered struct {
	Path string
	Step *Step
}

// runner makes one attempt: it decodes the data of the delivery and calls the handler.
type runner func(ctx Context, data json.RawMessage) (any, error)

// newStep describes a config. What is wrong with it is kept: a package that is being initialised has
// nobody to tell, discovery has.
func newStep(kind Kind, config any, run runner) *Step {
	step := &Step{kind: kind, config: declare(config), run: run}
	step.config["type"] = string(kind)
	if run == nil && kind != KindNoop {
		step.problem(errors.New("the handler is nil, expected a function"))
	}
	return step
}

func (s *Step) problem(err error) { s.problems = append(s.problems, err) }

// Kind is what sets the step off.
func (s *Step) Kind() Kind { return s.kind }

// HasHandler says whether there is something to run: noops have no handler.
func (s *Step) HasHandler() bool { return s.run != nil }

// Config is the config as the tool reads it: plain JSON values, types turned into JSON Schemas. The error
// joins everything that is wrong with it.
func (s *Step) Config() (map[string]any, error) { return s.config, errors.Join(s.problems...) }

// Run makes one attempt with the JSON data of a delivery. Of an api step it returns a [*RawResponse], of
// any other what the handler gave back.
func (s *Step) Run(ctx Context, data json.RawMessage) (any, error) {
	if s.run == nil {
		return nil, Terminal(fmt.Errorf("`%s` is a noop, which has no handler", ctx.Step()))
	}
	return s.run(ctx, data)
}

// runOn decodes what a handler takes.
func runOn[In any](what string, handler func(ctx Context, in In) (any, error)) runner {
	return func(ctx Context, data json.RawMessage) (any, error) {
		in, err := decode[In](ctx, data, what)
		if err != nil {
			return nil, err
		}
		return handler(ctx, in)
	}
}

func decode[T any](ctx Context, data json.RawMessage, what string) (T, error) {
	var value T
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	if err := json.Unmarshal(data, &value); err != nil {
		return value, &TerminalError{
			Code: CodeInvalid,
			Err:  fmt.Errorf("the %s of `%s` does not fit `%T`: %w", what, ctx.Step(), value, err),
			Hint: "change the sender or the type so that the two agree",
		}
	}
	return value, nil
}
