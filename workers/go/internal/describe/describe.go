// Package describe has a worker say what its steps are: discovery runs it as `worker describe FILE`.
package describe

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"wistro.dev/go"
)

// Command is the argument that asks a worker to describe its steps instead of serving them.
const Command = "describe"

// Described is what a worker says of one step.
type Described struct {
	Path       string         `json:"path"`
	Config     map[string]any `json:"config"`
	HasHandler bool           `json:"has_handler"`
	// Problems are what is wrong with the config, as far as Go can tell.
	Problems []string `json:"problems,omitempty"`
}

// Write describes the steps into a file: standard output belongs to the packages of the steps, which may
// print when they are initialised.
func Write(steps []wistro.Registered, file string) error {
	described := make([]Described, 0, len(steps))
	for _, step := range steps {
		described = append(described, describe(step))
	}
	text, err := json.Marshal(described)
	if err != nil {
		return fmt.Errorf("describing the steps: %w", err)
	}
	return os.WriteFile(file, text, 0o600)
}

func describe(registered wistro.Registered) Described {
	if registered.Step == nil {
		problem := "the step is nil, expected what `wistro.Event` or another of its functions makes"
		return Described{Path: registered.Path, Problems: []string{problem}}
	}
	config, err := registered.Step.Config()
	found := Described{Path: registered.Path, Config: config, HasHandler: registered.Step.HasHandler()}
	if err != nil {
		found.Problems = strings.Split(err.Error(), "\n")
	}
	return found
}
