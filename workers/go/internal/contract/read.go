package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var triggerKinds = []string{"api", "event", "cron", "call", "flow", "operator", "fork"}

// LaterVersionError is an invocation of a version that this worker does not know: a newer one may take it.
type LaterVersionError struct{ Version int }

func (e *LaterVersionError) Error() string {
	return fmt.Sprintf("The engine speaks version %d of the worker contract, this worker version %d",
		e.Version, Version)
}

// Issue is one thing that is wrong with a message.
type Issue struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// UnreadableError is a message that is not what the contract says.
type UnreadableError struct{ Issues []Issue }

func (e *UnreadableError) Error() string {
	shown := make([]string, len(e.Issues))
	for i, issue := range e.Issues {
		shown[i] = fmt.Sprintf("`%s`: %s", issue.Field, issue.Message)
	}
	return "The invocation does not fit the contract: " + strings.Join(shown, "; ")
}

// ReadInvocation reads an invocation (LaterVersionError, UnreadableError).
func ReadInvocation(text []byte) (Invocation, error) {
	invocation := Invocation{Version: Version}
	err := json.Unmarshal(text, &invocation)
	if err == nil && invocation.Version <= Version {
		return invocation, unreadable(invocation.missing())
	}
	// A later version may look different altogether.
	var only struct{ Version any }
	if json.Unmarshal(text, &only) == nil {
		if found, ok := only.Version.(float64); ok && found > Version {
			return Invocation{}, &LaterVersionError{Version: int(found)}
		}
	}
	return Invocation{}, unreadable([]Issue{typeIssue(err)})
}

func unreadable(issues []Issue) error {
	if len(issues) == 0 {
		return nil
	}
	return &UnreadableError{Issues: issues}
}

func typeIssue(err error) Issue {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return Issue{Field: wrong.Field, Message: fmt.Sprintf("a `%s` was expected, found a %s", wrong.Type, wrong.Value)}
	}
	return Issue{Message: fmt.Sprintf("JSON was expected: %v", err)}
}

// missing is what every invocation has and this one has not.
func (i Invocation) missing() []Issue {
	issues := required(
		"project", i.Project, "flow", i.Flow, "run_id", i.RunID, "build", i.Build, "step", i.Step,
		"delivery_id", i.DeliveryID, "idempotency_key", i.IdempotencyKey, "trigger.kind", i.Trigger.Kind)
	if i.Trigger.Kind != "" && !slices.Contains(triggerKinds, i.Trigger.Kind) {
		issues = append(issues, Issue{
			Field:   "trigger.kind",
			Message: fmt.Sprintf("one of %s was expected, found `%s`", strings.Join(triggerKinds, ", "), i.Trigger.Kind),
		})
	}
	if i.Segment != nil && i.Segment.Budget < 1 {
		issues = append(issues, Issue{Field: "segment.budget", Message: "it is missing"})
	}
	return issues
}

// required are the issues of the texts (name, value, name, value, …) that are not there.
func required(texts ...string) []Issue {
	var issues []Issue
	for i := 0; i < len(texts); i += 2 {
		if texts[i+1] == "" {
			issues = append(issues, Issue{Field: texts[i], Message: "it is missing"})
		}
	}
	return issues
}

// Write is the JSON of a value as the other languages write it: without escapes that only HTML needs.
func Write(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
