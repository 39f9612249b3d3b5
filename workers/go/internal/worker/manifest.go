package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

// Manifest is everything that this worker needs to know about its project; `wistro` writes it.
type Manifest struct {
	Version     int                     `json:"version"`
	Language    string                  `json:"language"`
	Project     string                  `json:"project"`
	Build       string                  `json:"build"`
	Root        string                  `json:"root"`
	Queues      []ManifestQueue         `json:"queues"`
	Steps       map[string]ManifestStep `json:"steps"`
	MessageSize int                     `json:"message_size"`
	Storage     ManifestStorage         `json:"storage"`
	KeyFile     string                  `json:"key_file"`
	Drain       float64                 `json:"drain"`
}

// ManifestQueue is a task queue to poll.
type ManifestQueue struct {
	Name string `json:"name"`
	// Concurrency is how many attempts may run at the same time in this process.
	Concurrency int `json:"concurrency"`
	// PerSecond is how many attempts may start in a second, over all workers.
	PerSecond *float64 `json:"per_second"`
}

// ManifestStep is a step to serve; its id is the type of its activity.
type ManifestStep struct {
	Path      string                     `json:"path"`
	Kind      wistro.Kind                `json:"kind"`
	Flows     []string                   `json:"flows"`
	Receives  map[string]json.RawMessage `json:"receives"`
	Input     json.RawMessage            `json:"input"`
	Emits     map[string]json.RawMessage `json:"emits"`
	Body      json.RawMessage            `json:"body"`
	Responses map[string]json.RawMessage `json:"responses"`
	Output    json.RawMessage            `json:"output"`
	Terminal  []string                   `json:"terminal"`
}

// ManifestStorage is where payloads are kept that are too large for Temporal.
type ManifestStorage struct {
	Path      string `json:"path"`
	Threshold int    `json:"threshold"`
}

// ReadManifest reads the file that `wistro` has written for the Go worker.
func ReadManifest(path string) (*Manifest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, setupError("manifest_missing",
			fmt.Errorf("the manifest `%s` cannot be read: %w", path, err), "start the project with `wistro dev` or `wistro start`")
	}
	// Before the rest: a later version may look different altogether.
	var head struct{ Version int }
	if err := json.Unmarshal(text, &head); err == nil && head.Version > contract.Version {
		return nil, setupError("contract_version",
			fmt.Errorf("the manifest `%s` has version %d of the worker contract, this worker speaks version %d",
				path, head.Version, contract.Version),
			"build the worker again with the Go module of the same release")
	}
	manifest := &Manifest{}
	if err := json.Unmarshal(text, manifest); err != nil {
		return nil, setupError("manifest_invalid",
			fmt.Errorf("`%s` is not a manifest: %w", path, err), "update `wistro` and the worker to the same release")
	}
	if manifest.Language != "go" || len(manifest.Queues) == 0 {
		return nil, setupError("manifest_invalid",
			fmt.Errorf("`%s` is for the language `%s` with %d queues; `go` with one or more was expected",
				path, manifest.Language, len(manifest.Queues)),
			"pass the file `.wistro/workers/go.json` of the project")
	}
	return manifest, nil
}

func (m *Manifest) drain() time.Duration { return time.Duration(m.Drain * float64(time.Second)) }
