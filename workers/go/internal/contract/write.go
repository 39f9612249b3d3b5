package contract

import (
	"bytes"
	"encoding/json"
)

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
