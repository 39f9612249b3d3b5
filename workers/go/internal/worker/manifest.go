package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"wistro.dev/go/internal/contract"
)

// Manifest is everything that this worker needs to know about its project; `wistro` writes it.
type Manifest struct {
	Version  int                       `json:"version" contract:"required"`
	Language string                    `json:"language" contract:"required,oneof=node|go"`
	Project  string                    `json:"project" contract:"required"`
	Build    string                    `json:"build" contract:"required"`
	Root     string                    `json:"root" contract:"required"`
	Motia    bool                      `json:"motia"`
	Queues   []ManifestQueue           `json:"queues" contract:"required,min=1"`
	Steps    map[string]ManifestStep   `json:"steps"`
	Streams  map[string]ManifestStream `json:"streams"`
	// Answers are the schemas of what flows answer to those who call them.
	Answers     map[string]map[string]json.RawMessage `json:"answers"`
	MessageSize int                                   `json:"message_size" contract:"required,min=1"`
	Storage     ManifestStorage                       `json:"storage" contract:"required"`
	KeyFile     string                                `json:"key_file" contract:"required"`
	Drain       float64                               `json:"drain" contract:"required"`
}

// ManifestQueue is a task queue to poll.
type ManifestQueue struct {
	Name string `json:"name" contract:"required"`
	// Concurrency is how many attempts may run at the same time in this process.
	Concurrency int `json:"concurrency" contract:"required,min=1"`
	// PerSecond is how many attempts may start in a second, over all workers.
	PerSecond *float64 `json:"per_second"`
}

// ManifestStep is a step to serve; its id is the type of its activity.
type ManifestStep struct {
	Path      string                     `json:"path" contract:"required"`
	Kind      string                     `json:"kind" contract:"required,oneof=api|event|cron|call|noop"`
	Name      string                     `json:"name" contract:"required"`
	Flows     []string                   `json:"flows"`
	Receives  map[string]json.RawMessage `json:"receives"`
	Input     json.RawMessage            `json:"input"`
	Emits     map[string]json.RawMessage `json:"emits"`
	Body      json.RawMessage            `json:"body"`
	Responses map[string]json.RawMessage `json:"responses"`
	Output    json.RawMessage            `json:"output"`
	Terminal  []string                   `json:"terminal"`
	Timeout   float64                    `json:"timeout" contract:"required"`
}

// ManifestStream is a stream of the project.
type ManifestStream struct {
	Path      string          `json:"path" contract:"required"`
	Language  string          `json:"language" contract:"required,oneof=python|node|go"`
	Schema    json.RawMessage `json:"schema"`
	HasAccess bool            `json:"has_access"`
}

// ManifestStorage is where payloads are kept that are too large for Temporal.
type ManifestStorage struct {
	Path      string `json:"path" contract:"required"`
	Threshold int    `json:"threshold" contract:"required,min=1"`
}

// LoadManifest reads the file that `wistro` has written for the Go worker.
func LoadManifest(path string) (*Manifest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, setupError("bad_manifest", fmt.Errorf("the manifest `%s` cannot be read: %w", path, err),
			"start the project with `wistro dev` or `wistro start`")
	}
	manifest, err := readManifest(text, fmt.Sprintf("the manifest `%s`", path))
	var version *contract.VersionError
	switch {
	case errors.As(err, &version):
		return nil, setupError("contract_version", err, "install `wistro` and the Go module of one release")
	case err != nil:
		return nil, setupError("bad_manifest", err, "install `wistro` and the Go module of one release")
	case manifest.Language != "go":
		return nil, setupError("bad_manifest",
			fmt.Errorf("the manifest `%s` is for the language `%s`; `go` was expected", path, manifest.Language),
			"pass the file `.wistro/workers/go.json` of the project")
	}
	return manifest, nil
}

func readManifest(text []byte, what string) (*Manifest, error) {
	// Before the rest: another version may look different.
	if found := contract.VersionOf(text); found != contract.Version {
		return nil, &contract.VersionError{What: what, Found: found}
	}
	manifest := &Manifest{}
	return manifest, contract.Read(text, manifest, what)
}

func (m *Manifest) drain() time.Duration { return time.Duration(m.Drain * float64(time.Second)) }
