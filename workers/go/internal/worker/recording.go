package worker

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

const progressLimit = 64 << 10

// recording is what a handler does during one attempt: kept until it has succeeded, gone when it fails.
// Its methods may be called from any goroutine.
type recording struct {
	step   string
	topics map[string]shape
	answer check
	motia  bool
	log    *slog.Logger

	mu        sync.Mutex
	emissions []contract.Emission
	response  json.RawMessage
	responded bool
	closed    bool
}

func newRecording(step *preparedStep, answer check, log *slog.Logger) *recording {
	if answer == nil {
		answer = anything.check
	}
	return &recording{
		step: step.id, topics: step.topics, answer: answer, motia: step.motia, log: log, emissions: []contract.Emission{},
	}
}

// soften notes data that does not fit a schema and lets it pass, by Motia's rules.
func (r *recording) soften(err error) error {
	if err == nil || !r.motia {
		return err
	}
	r.log.Warn(describe(err, nil).Message)
	return nil
}

// emit keeps a message of a declared topic.
func (r *recording) emit(topic string, data any) error {
	if err := r.checkOpen("Emit"); err != nil {
		return err
	}
	shape, declared := r.topics[topic]
	if !declared && !(r.motia && len(r.topics) == 0) {
		err := r.undeclared(topic)
		if r.motia {
			r.log.Error(describe(err, nil).Message)
			return nil
		}
		return err
	}
	what := fmt.Sprintf("The message that `%s` emits on `%s`", r.step, topic)
	message, err := encode(data, what)
	if err == nil {
		err = r.soften(shape.check(message, what))
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.emissions = append(r.emissions, contract.Emission{Topic: topic, Data: message})
	return nil
}

// respond keeps the answer. One that is refused does not count.
func (r *recording) respond(data any) error {
	if err := r.checkOpen("Respond"); err != nil {
		return err
	}
	what := fmt.Sprintf("The answer of `%s`", r.step)
	response, err := encode(data, what)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.responded {
		return &wistro.TerminalError{
			Code: wistro.CodeAlreadyResponded,
			Err:  fmt.Errorf("`%s` responds a second time; a run answers once", r.step),
			Hint: "respond with everything at once, or emit a message",
		}
	}
	if err := r.answer(response, what); err != nil {
		return err
	}
	r.response, r.responded = response, true
	return nil
}

// progress is the JSON of what a handler reports.
func (r *recording) progress(details any) (json.RawMessage, error) {
	if err := r.checkOpen("Heartbeat"); err != nil {
		return nil, err
	}
	progress, err := encode(details, fmt.Sprintf("The progress of `%s`", r.step))
	if err == nil && len(progress) > progressLimit {
		err = &wistro.TerminalError{
			Code: "progress_too_large",
			Err: fmt.Errorf("the progress of `%s` has %s bytes, the limit is %s",
				r.step, grouped(len(progress)), grouped(progressLimit)),
			Hint: "report counts, and emit or store the rest",
		}
	}
	return progress, err
}

// result closes the recording and gives all of it, with what the handler returned.
func (r *recording) result(output json.RawMessage) contract.StepResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return contract.StepResult{
		Emissions: r.emissions, Output: output, Response: r.response, Responded: r.responded,
	}
}

// close ends the attempt: whatever its goroutines still do has no effect.
func (r *recording) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// checkOpen refuses `what` when the attempt is over.
func (r *recording) checkOpen(what string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		return nil
	}
	return &wistro.TerminalError{
		Code: wistro.CodeAttemptOver,
		Err:  fmt.Errorf("`%s` uses `ctx.%s` after its attempt is over", r.step, what),
		Hint: "wait for every goroutine that the handler starts, and stop when `ctx.Done()` is closed",
	}
}

func (r *recording) undeclared(topic string) error {
	declared := slices.AppendSeq([]string{}, maps.Keys(r.topics))
	slices.Sort(declared)
	found := "it declares none"
	if len(declared) > 0 {
		found = "it declares `" + strings.Join(declared, "`, `") + "`"
	}
	hint := fmt.Sprintf("add `%s` to `Emits` in its config", topic)
	if near := closest(topic, declared); near != "" {
		hint = fmt.Sprintf("did you mean `%s`?", near)
	}
	return &wistro.TerminalError{
		Code: wistro.CodeUndeclaredTopic,
		Err: fmt.Errorf(
			"`%s` emits on `%s`, a topic that it does not declare: %s", r.step, topic, found),
		Hint:    hint,
		Details: map[string]any{"topic": topic, "declared": declared},
	}
}
