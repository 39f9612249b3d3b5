package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

const (
	// Characters of a message and of a stack: enough to read, never too large to send.
	textLimit    = 16_000
	detailsLimit = 4 * textLimit
)

// FailedError says that an attempt failed; Info is the error in its portable form.
type FailedError struct{ Info contract.ErrorInfo }

func (e *FailedError) Error() string { return e.Info.Message }

// panicError is what a handler panicked with.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string { return fmt.Sprintf("the handler panicked: %v", e.value) }

// Unwrap lets an error that was panicked with say whether to try again.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// describe is the portable form of what a handler returned or panicked with. Terminal names types of
// errors that are never retried, those of wrapped errors included.
func describe(err error, terminal []string) contract.ErrorInfo {
	info := contract.ErrorInfo{
		Code: "handler_error", Message: bounded(err.Error(), textLimit), Retryable: true,
	}
	names := typeNames(err)
	if len(names) > 0 {
		info.Type = &names[0]
	}
	switch found := stepError(err).(type) {
	case *wistro.TerminalError:
		info.Code, info.Retryable = orElse(found.Code, wistro.CodeTerminal), false
		info.Message = bounded(withoutHint(err, found.Hint), textLimit)
		info.Details = details(found.Details, found.Hint)
	case *wistro.RetryableError:
		info.Code = orElse(found.Code, wistro.CodeRetryable)
		info.Message = bounded(withoutHint(err, found.Hint), textLimit)
		info.Details = details(found.Details, found.Hint)
		if seconds := found.After.Seconds(); seconds > 0 {
			info.RetryAfter = &seconds
		}
	default:
		if errors.Is(err, context.DeadlineExceeded) {
			info.Code = "timeout"
		}
	}
	var panicked *panicError
	if errors.As(err, &panicked) {
		info.Stack = &panicked.stack
	}
	if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(terminal, name) }) {
		info.Retryable = false
	}
	return info
}

// chain is an error and those that it wraps, the outer ones first.
func chain(err error) []error {
	var all []error
	for err != nil {
		all = append(all, err)
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, inner := range many.Unwrap() {
				all = append(all, chain(inner)...)
			}
			return all
		}
		err = errors.Unwrap(err)
	}
	return all
}

// stepError is the outermost error that says whether to try again.
func stepError(err error) error {
	for _, found := range chain(err) {
		switch found.(type) {
		case *wistro.TerminalError, *wistro.RetryableError:
			return found
		}
	}
	return nil
}

// typeNames are the names of the types of an error and of those that it wraps, as policies name them;
// those that the standard library gives to every error say nothing.
func typeNames(err error) []string {
	var names []string
	for _, found := range chain(err) {
		switch found := found.(type) {
		case *wistro.TerminalError:
			if found.Code == wistro.CodeInvalid {
				names = append(names, "InvalidMessage")
			}
			names = append(names, "Terminal")
		case *wistro.RetryableError:
			names = append(names, "Retryable")
		case *wistro.CallFailedError:
			names = append(names, "CallFailed")
		case *wistro.CallPendingError:
			names = append(names, "CallPending")
		case *panicError:
			if _, isError := found.value.(error); !isError {
				names = append(names, "Panic")
			}
		case runtime.Error:
			names = append(names, "Panic")
		default:
			if name := typeName(found); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

func typeName(err error) string {
	of := reflect.TypeOf(err)
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.PkgPath() == "errors" || of.PkgPath() == "fmt" {
		return ""
	}
	name, _, _ := strings.Cut(of.Name(), "[")
	return name
}

// withoutHint is the text of an error without the hint, which travels by itself.
func withoutHint(err error, hint string) string {
	if hint == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), "\nhint: "+hint, "")
}

// details are the details as JSON of a bounded size: an error that cannot be sent would hide the first one.
func details(given map[string]any, hint string) json.RawMessage {
	all := make(map[string]any, len(given)+1)
	for name, value := range given {
		all[name] = value
	}
	if hint != "" {
		all["hint"] = hint
	}
	if len(all) == 0 {
		return nil
	}
	text, err := contract.Write(all)
	if err == nil && len(text) > detailsLimit {
		err = fmt.Errorf("%s bytes of details; the limit is %s", grouped(len(text)), grouped(detailsLimit))
	}
	if err != nil {
		text, _ = json.Marshal(map[string]string{"omitted": err.Error()})
	}
	return text
}

// stackOf is the frames between a panic and the worker: those of the project, and where it happened.
func stackOf(root string) string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	var shown []string
	var own []bool
	for {
		frame, more := frames.Next()
		if !isRuntime(frame.Function) && !isOurs(frame.Function) {
			path, err := filepath.Rel(root, frame.File)
			inside := err == nil && filepath.IsLocal(path)
			if !inside {
				path = filepath.Base(frame.File)
			}
			shown = append(shown, fmt.Sprintf("%s\n\t%s:%d", frame.Function, path, frame.Line))
			own = append(own, inside)
		}
		if !more {
			break
		}
	}
	var kept []string
	for i, text := range shown {
		if i == 0 || own[i] || !slices.Contains(own, true) {
			kept = append(kept, text)
		}
	}
	return bounded(strings.Join(kept, "\n"), textLimit)
}

func isRuntime(function string) bool { return strings.HasPrefix(function, "runtime.") }

func isOurs(function string) bool {
	return strings.HasPrefix(function, "wistro.dev/go.") || strings.HasPrefix(function, "wistro.dev/go/")
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
