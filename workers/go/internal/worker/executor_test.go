package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

var quick = Patience{Cancelled: 50 * time.Millisecond, Stopping: 10 * time.Millisecond}

// handling is an executor of one event step, `it`, that may emit `done`.
func handling(t *testing.T, handler func(ctx wistro.Context, in any) error) *Executor {
	t.Helper()
	manifest := &Manifest{Root: t.TempDir(), Steps: map[string]ManifestStep{
		"it": {Path: "steps/it.step.go", Kind: "event", Emits: map[string]json.RawMessage{"done": nil}},
	}}
	steps := []wistro.Registered{{
		Path: "steps/it.step.go", Step: wistro.Event(wistro.EventConfig{Name: "It"}, handler),
	}}
	mask := &Mask{}
	services := Services{
		Secrets: environmentSecrets{mask: mask}, Journal: NewDeliveryJournal(func(Entry) {}, mask, silent()),
	}
	return NewExecutor(manifest, steps, services, quick)
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func ofIt() *contract.Invocation {
	return &contract.Invocation{
		Project: "shop", Flow: "orders", RunID: "0af7651916cd43dd8448eb211c80319c", Step: "it",
		DeliveryID: "00f067aa0ba902b7", Trigger: contract.Trigger{Kind: "event"},
	}
}

var once = Attempt{Number: 1, Heartbeat: func(json.RawMessage) {}}

func TestAHandlerThatStopsWhenAskedIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	executor := handling(t, func(ctx wistro.Context, _ any) error {
		cancel(wistro.ErrCancelled)
		<-ctx.Done()
		return fmt.Errorf("give up: %w", ctx.Err())
	})
	_, err := executor.Run(ctx, ofIt(), once)
	var stopped *StoppedError
	if !errors.As(err, &stopped) || !errors.Is(stopped, wistro.ErrCancelled) {
		t.Fatalf("found %v", err)
	}
}

func TestWhatAHandlerDoesInTimeCounts(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	executor := handling(t, func(ctx wistro.Context, _ any) error {
		cancel(wistro.ErrCancelled)
		<-ctx.Done()
		return ctx.Emit("done", "anyway")
	})
	result, err := executor.Run(ctx, ofIt(), once)
	if err != nil || len(result.Emissions) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
}

func TestAHandlerThatDoesNotStopIsLeftBehindWithoutEffect(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	late, tried := make(chan struct{}), make(chan error, 1)
	executor := handling(t, func(ctx wistro.Context, _ any) error {
		cancel(wistro.ErrWorkerStopping)
		<-late
		tried <- ctx.Emit("done", 1)
		return nil
	})
	_, err := executor.Run(ctx, ofIt(), once)
	if !errors.Is(err, wistro.ErrWorkerStopping) {
		t.Fatalf("found %v", err)
	}
	close(late)
	var refused *wistro.TerminalError
	if err := <-tried; !errors.As(err, &refused) || refused.Code != wistro.CodeAttemptOver {
		t.Fatalf("found %v", err)
	}
}

func TestAHandlerThatFailsForItsOwnReasonsHasFailed(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(ctx wistro.Context, _ any) error
		code    string
		message string
	}{
		"a panic": {func(wistro.Context, any) error { panic("out of paper") }, "handler_error", "out of paper"},
		"a panic with an error that says what it is": {
			func(wistro.Context, any) error { panic(wistro.Terminal(errors.New("no card"))) }, "terminal", "no card"},
		"the end of its goroutine": {
			func(wistro.Context, any) error { runtime.Goexit(); return nil }, "handler_error", "Goexit"},
		"a timeout of its own": {
			func(wistro.Context, any) error { return fmt.Errorf("call: %w", context.DeadlineExceeded) }, "timeout", "call"},
		"two errors at once": {
			func(wistro.Context, any) error {
				return errors.Join(errors.New("one"), wistro.Retryable(errors.New("two"), time.Second))
			}, "retryable", "one\ntwo"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := handling(t, c.handler).Run(t.Context(), ofIt(), once)
			var failed *FailedError
			if !errors.As(err, &failed) || failed.Info.Code != c.code || !strings.Contains(failed.Info.Message, c.message) {
				t.Fatalf("found %v", err)
			}
		})
	}
}

func TestABrokenStepFailsAndTheOthersRun(t *testing.T) {
	manifest := &Manifest{Steps: map[string]ManifestStep{
		"it":   {Path: "steps/it.step.go", Kind: "event", Input: json.RawMessage(`{"type": 7}`)},
		"gone": {Path: "steps/gone.step.go", Kind: "event"},
	}}
	steps := []wistro.Registered{{Path: "steps/it.step.go", Step: wistro.Event(
		wistro.EventConfig{Name: "It"}, func(wistro.Context, any) error { return nil })}}
	executor := NewExecutor(manifest, steps, Services{}, quick)
	for id, file := range map[string]string{"it": "steps/it.step.go", "gone": "steps/gone.step.go"} {
		of := ofIt()
		of.Step = id
		_, err := executor.Run(t.Context(), of, once)
		var failed *FailedError
		if !errors.As(err, &failed) || failed.Info.Retryable || !strings.Contains(failed.Info.Message, file) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestAFlowWhoseAnswerCannotBeCheckedIsNotAnswered(t *testing.T) {
	manifest := &Manifest{
		Steps:   map[string]ManifestStep{"it": {Path: "steps/it.step.go", Kind: "event"}},
		Answers: map[string]map[string]json.RawMessage{"orders": {"type": json.RawMessage("7")}},
	}
	steps := []wistro.Registered{{Path: "steps/it.step.go", Step: wistro.Event(
		wistro.EventConfig{Name: "It"}, func(ctx wistro.Context, _ any) error { return ctx.Respond(1) })}}
	services := Services{Journal: NewDeliveryJournal(func(Entry) {}, &Mask{}, silent())}
	_, err := NewExecutor(manifest, steps, services, quick).Run(t.Context(), ofIt(), once)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Info.Code != "bad_schema" || !strings.Contains(failed.Info.Message, "`orders`") {
		t.Errorf("found %v", err)
	}
}

func TestPatternsOfOtherLanguages(t *testing.T) {
	password, err := shapeOf(json.RawMessage(`{"type": "string", "pattern": "^(?=.*\\d)[a-z\\d]+$"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := password.check(json.RawMessage(`"abc1"`), "it"); err != nil {
		t.Error(err)
	}
	if err := password.check(json.RawMessage(`"abc"`), "it"); err == nil {
		t.Error("accepted")
	}
	if _, err := shapeOf(json.RawMessage(`{"$ref": "file:///etc/passwd"}`)); err == nil {
		t.Error("a schema was read from a file")
	}
}
