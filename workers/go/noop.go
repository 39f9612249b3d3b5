package wistro

// NoopConfig describes a step without a handler: it stands for something that happens outside. `Name` is
// required.
type NoopConfig struct {
	// ID is the step's id; without one, the name of its file without `.step.go`.
	ID string `json:"id"`
	// Name is for people who do not program.
	Name string `json:"name"`
	// Description says what it does and why, for the same people.
	Description string `json:"description"`
	// Flows are the flows it belongs to; without one, the flow `default`.
	Flows []string `json:"flows"`

	// Subscribes are the topics that people or systems outside wait for.
	Subscribes []string `json:"-"`
	// Subscriptions are those that say more than their topic, such as a filter.
	Subscriptions []Subscribe `json:"-"`
	// Input is what the answer from outside looks like: `wistro.Type[Approval]()`.
	Input Schema `json:"-"`

	// Emits are the topics that an answer from outside emits.
	Emits []string `json:"-"`
	// Emissions are those that say more than their topic, such as the type of the message.
	Emissions []Emission `json:"-"`
	// VirtualEmits are edges to topics that are drawn only.
	VirtualEmits []Virtual `json:"virtualEmits"`
	// VirtualSubscribes are edges from topics that are drawn only.
	VirtualSubscribes []Virtual `json:"virtualSubscribes"`
}

// Noop makes a step that stands for something that happens outside.
func Noop(config NoopConfig) *Step {
	step := newStep(KindNoop, config, nil)
	step.schema(step.config, "input", config.Input, "the input")
	step.subscribes(config.Subscribes, config.Subscriptions)
	step.emits(config.Emits, config.Emissions)
	return step
}
