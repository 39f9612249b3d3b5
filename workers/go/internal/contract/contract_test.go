package contract_test

import (
	"encoding/json"
	"testing"

	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/golden"
)

func again(t *testing.T, of string, message []byte) []byte {
	t.Helper()
	var value any
	var err error
	switch of {
	case "Invocation":
		value, err = contract.ReadInvocation(message)
	case "StepResult":
		result := contract.StepResult{}
		value, err = &result, contract.Read(message, &result, "the result")
	case "ErrorInfo":
		info := contract.ErrorInfo{Retryable: true}
		value, err = &info, contract.Read(message, &info, "the error")
	default:
		t.Skipf("this package has no %s", of)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := contract.Write(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestValidMessagesSurviveARoundTrip(t *testing.T) {
	golden.Valid(t, again)
}

func TestInvalidInvocationsAreRefused(t *testing.T) {
	golden.Invalid(t, "Invocation", func(message json.RawMessage) (string, []string, error) {
		_, err := contract.ReadInvocation(message)
		return golden.Refusal(err, "bad_invocation")
	})
}
