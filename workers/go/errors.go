package wistro

import "time"

// Codes of the errors that the package itself makes.
const (
	// CodeTerminal is the code of a [TerminalError] that names none.
	CodeTerminal = "terminal"
	// CodeRetryable is the code of a [RetryableError] that names none.
	CodeRetryable = "retryable"
	// CodeInvalid is of data that does not fit its schema or type.
	CodeInvalid = "validation_failed"
	// CodeUndeclaredTopic is of a message on a topic that the step does not declare.
	CodeUndeclaredTopic = "undeclared_topic"
	// CodeAlreadyResponded is of a second answer.
	CodeAlreadyResponded = "already_responded"
	// CodeCallPending is of a flow that was called and has not answered yet.
	CodeCallPending = "call_pending"
	// CodeAttemptOver is of a context that is used after its handler has returned.
	CodeAttemptOver = "attempt_over"
)

// TerminalError says that the delivery has failed and trying again cannot help.
type TerminalError struct {
	// Err is what went wrong.
	Err error
	// Code is a word for programs; `terminal` without one.
	Code string
	// Hint says how to mend it, for people.
	Hint string
	// Details are structured fields, plain JSON data.
	Details map[string]any
}

// Terminal marks an error as one that trying again cannot help. It is nil for nil.
func Terminal(err error) error {
	if err == nil {
		return nil
	}
	return &TerminalError{Err: err}
}

func (e *TerminalError) Error() string { return message(e.Err, e.Code, e.Hint) }

func (e *TerminalError) Unwrap() error { return e.Err }

// RetryableError says that the delivery failed for a reason that passes; it is attempted again under the
// policy of its step.
type RetryableError struct {
	// Err is what went wrong.
	Err error
	// After is how long to wait at least before the next attempt; 0 leaves it to the policy.
	After time.Duration
	// Code is a word for programs; `retryable` without one.
	Code string
	// Hint says how to mend it, for people.
	Hint string
	// Details are structured fields, plain JSON data.
	Details map[string]any
}

// Retryable marks an error as one that passes, perhaps not before `after`. It is nil for nil.
func Retryable(err error, after time.Duration) error {
	if err == nil {
		return nil
	}
	return &RetryableError{Err: err, After: after}
}

func (e *RetryableError) Error() string { return message(e.Err, e.Code, e.Hint) }

func (e *RetryableError) Unwrap() error { return e.Err }

func message(err error, code, hint string) string {
	text := code
	if err != nil {
		text = err.Error()
	}
	if hint != "" {
		text += "\nhint: " + hint
	}
	return text
}
