package wistro

import "time"

// EventConfig describes a step that messages are delivered to. `Name` and one of `Subscribes` and
// `Subscriptions` are required.
type EventConfig struct {
	// ID is the step's id; without one, the name of its file without `.step.go`.
	ID string `json:"id"`
	// Name is for people who do not program.
	Name string `json:"name"`
	// Description says what it does and why, for the same people.
	Description string `json:"description"`
	// Flows are the flows it belongs to; without one, the flow `default`.
	Flows []string `json:"flows"`

	// Subscribes are the topics it listens to.
	Subscribes []string `json:"-"`
	// Subscriptions are those that say more than their topic, such as a filter.
	Subscriptions []Subscribe `json:"-"`
	// Join waits for several messages instead of running for each.
	Join *Join `json:"join"`
	// Input is the schema of its messages; without one, that of the type that the handler takes.
	Input Schema `json:"-"`

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
	// Delay is how long a delivery waits before its first attempt, at most 15 minutes.
	Delay time.Duration `json:"delay"`
	// Concurrency is how many attempts may run at the same time in each worker process.
	Concurrency int `json:"concurrency"`
	// Rate is how many attempts may start in a span of time, over all workers.
	Rate *Rate `json:"rate"`
	// Responds says whether the step gives the flow's callers their answer.
	Responds Responds `json:"responds"`
	// IncludeFiles are files that the handler reads, as patterns relative to its own file.
	IncludeFiles []string `json:"includeFiles"`
}

// Event makes a step that messages are delivered to. `In` is the type of the messages: `any` or
// [encoding/json.RawMessage] takes each of them.
func Event[In any](config EventConfig, handler func(ctx Context, in In) error) *Step {
	if handler == nil {
		return newEvent[In](config, nil)
	}
	return newEvent[In](config, runOn("message", func(ctx Context, in In) (any, error) {
		return nil, handler(ctx, in)
	}))
}

// EventResult is [Event] for a handler that also gives something back: it is kept with the delivery, for
// whoever looks at the run.
func EventResult[In, Out any](config EventConfig, handler func(ctx Context, in In) (Out, error)) *Step {
	if handler == nil {
		return newEvent[In](config, nil)
	}
	return newEvent[In](config, runOn("message", func(ctx Context, in In) (any, error) {
		return handler(ctx, in)
	}))
}

func newEvent[In any](config EventConfig, run runner) *Step {
	step := newStep(KindEvent, config, run)
	step.schema(step.config, "input", orType[In](config.Input), "the message")
	step.subscribes(config.Subscribes, config.Subscriptions)
	step.emits(config.Emits, config.Emissions)
	step.fails(config.OnFailure)
	return step
}
