package worker

import (
	"encoding/json"
	"fmt"

	"wistro.dev/go/internal/contract"
)

// checkSize refuses a result that is too large to be recorded, before the SDK encodes and sends it: a
// completion that Temporal refuses is no answer, and its error would name neither the step nor the size.
//
// The limit is the project's: what Temporal does not take, external storage does.
func checkSize(step string, result contract.StepResult, text []byte, limit int) error {
	if len(text) <= limit {
		return nil
	}
	largest, part := len(result.Output), "what it returned"
	for _, emission := range result.Emissions {
		if len(emission.Data) > largest {
			largest, part = len(emission.Data), fmt.Sprintf("the message on `%s`", emission.Topic)
		}
	}
	if len(result.Response) > largest {
		largest, part = len(result.Response), "its response"
	}
	name := "ResultTooLarge"
	found, err := json.Marshal(map[string]any{
		"size": len(text), "limit": limit,
		"hint": "store the content elsewhere and send its address, or raise `limits.message_size`",
	})
	if err != nil {
		return err
	}
	return &FailedError{Info: contract.ErrorInfo{
		Code: "result_too_large",
		Message: fmt.Sprintf("the result of `%s` has %s bytes, the limit is %s; the largest part is %s with %s bytes of JSON",
			step, grouped(len(text)), grouped(limit), part, grouped(largest)),
		Type:    &name,
		Details: found,
	}}
}
