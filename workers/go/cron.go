package wistro

import (
	"encoding/json"
	"time"
)

// CronConfig describes a step that the clock triggers. `Name` and `Cron` are required.
type CronConfig struct {
	// ID is the step's id; without one, the name of its file without `.step.go`.
	ID string `json:"id"`
	// Name is for people who do not program.
	Name string `json:"name"`
	// Description says what it does and why, for the same people.
	Description string `json:"description"`
	// Flows are the flows it belongs to; without one, the flow `default`.
	Flows []string `json:"flows"`

	// Cron is minute, hour, day of the month, month, day of the week: `0 3 * * 1`.
	Cron string `json:"cron"`
	// Schedule is its time zone, overlap, catch-up and jitter.
	Schedule Schedule `json:"schedule"`

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

// Cron makes a step that the clock triggers.
func Cron(config CronConfig, handler func(ctx Context) error) *Step {
	var run runner
	if handler != nil {
		run = func(ctx Context, _ json.RawMessage) (any, error) { return nil, handler(ctx) }
	}
	return newCron(config, run)
}

// CronResult is [Cron] for a handler that also gives something back: it is kept with the delivery, for
// whoever looks at the run.
func CronResult[Out any](config CronConfig, handler func(ctx Context) (Out, error)) *Step {
	var run runner
	if handler != nil {
		run = func(ctx Context, _ json.RawMessage) (any, error) { return handler(ctx) }
	}
	return newCron(config, run)
}

func newCron(config CronConfig, run runner) *Step {
	step := newStep(KindCron, config, run)
	step.emits(config.Emits, config.Emissions)
	step.fails(config.OnFailure)
	return step
}
