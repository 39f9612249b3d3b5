package wistro

import "time"

// CallConfig describes a step that callers trigger, as one calls a function. `Name` is required.
type CallConfig struct {
	// ID is the step's id; without one, the name of its file without `.step.go`.
	ID string `json:"id"`
	// Name is for people who do not program.
	Name string `json:"name"`
	// Description says what it does and why, for the same people.
	Description string `json:"description"`
	// Flows are the flows it belongs to; without one, the flow `default`.
	Flows []string `json:"flows"`

	// Input is what callers give; without one, the schema of the type that the handler takes.
	Input Schema `json:"-"`
	// Output is what they get back; without one, the schema of the type that the handler gives.
	Output Schema `json:"-"`

	// Emits are the topics that it may emit.
	Emits []string `json:"-"`
	// Emissions are those that say more than their topic, such as the type of the message.
	Emissions []Emission `json:"-"`
	// VirtualEmits are edges to topics that are drawn only.
	VirtualEmits []Virtual `json:"virtualEmits"`
	// VirtualSubscribes are edges from topics that are drawn only.
	VirtualSubscribes []Virtual `json:"virtualSubscribes"`

	// Retry says when a failed delivery is attempted again.
	Retry *Retry `json:"retry"`
	// OnFailure says what happens when the attempts are exhausted: [Fail], [Hold], [Ignore] or an [Emit].
	OnFailure OnFailure `json:"-"`
	// Timeout is how long one attempt may take.
	Timeout time.Duration `json:"timeout"`
	// Heartbeat is for how long an attempt may show no sign of life before it counts as lost.
	Heartbeat time.Duration `json:"heartbeat"`
	// Concurrency is how many attempts may run at the same time in each worker process.
	Concurrency int `json:"concurrency"`
	// Rate is how many attempts may start in a span of time, over all workers.
	Rate *Rate `json:"rate"`
	// Responds says whether the step gives the flow's callers their answer.
	Responds Responds `json:"responds"`
	// IncludeFiles are files that the handler reads, as patterns relative to its own file.
	IncludeFiles []string `json:"includeFiles"`
}

// Call makes a step that callers trigger. `In` is what they give, `Out` what they get back.
func Call[In, Out any](config CallConfig, handler func(ctx Context, in In) (Out, error)) *Step {
	var run runner
	if handler != nil {
		run = runOn("input", func(ctx Context, in In) (any, error) { return handler(ctx, in) })
	}
	step := newStep(KindCall, config, run)
	step.schema(step.config, "input", orType[In](config.Input), "the input")
	step.schema(step.config, "output", orType[Out](config.Output), "the output")
	step.emits(config.Emits, config.Emissions)
	step.fails(config.OnFailure)
	return step
}
