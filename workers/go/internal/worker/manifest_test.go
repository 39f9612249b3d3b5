package worker

import (
	"encoding/json"
	"testing"

	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/golden"
)

func TestManifestsSurviveARoundTrip(t *testing.T) {
	golden.Valid(t, func(t *testing.T, of string, message []byte) []byte {
		if of != "Manifest" {
			t.Skip("a " + of)
		}
		manifest, err := readManifest(message, "it")
		if err != nil {
			t.Fatal(err)
		}
		text, err := contract.Write(manifest)
		if err != nil {
			t.Fatal(err)
		}
		return text
	})
}

func TestInvalidManifestsAreRefused(t *testing.T) {
	golden.Invalid(t, "Manifest", func(message json.RawMessage) (string, []string, error) {
		_, err := readManifest(message, "it")
		return golden.Refusal(err, "bad_manifest")
	})
}
