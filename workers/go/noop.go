package wistro

import "time"

// NoopConfig describes a step without a handler: it stands for something that happens outside. `Name` is
// required.
//
// With an `Input`, people answer it in the inbox; with `Await`, a message from outside does; with `Calls`,
// another flow. The run waits meanwhile, without a worker, and then the step's topics are emitted with an
// object of `request`, the message that it was delivered, `answer`, what came from outside, and who gave it.
// Give one of the three; a step with none of them is only drawn.
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

	// Input is what the answer of a person looks like: `wistro.Type[Decision]()`. It makes a form.
	Input Schema `json:"-"`
	// Assignees are the people who may answer, as they sign in; without them and `Roles`, everybody.
	Assignees []string `json:"assignees"`
	// Roles are the roles of those who may answer.
	Roles []string `json:"roles"`
	// Approval has several people decide.
	Approval *Approval `json:"approval"`
	// Deadline is until when they have to.
	Deadline *Deadline `json:"deadline"`
	// Notify is the topic that tells that people have to answer, with links for those who have no account.
	Notify string `json:"notify"`

	// Await is the message from outside that is waited for.
	Await *Await `json:"await"`
	// Calls is the flow that is called with the message.
	Calls *CallFlow `json:"calls"`
	// OnFailure says what happens when nothing comes in time, or the call fails: [Fail], [Hold], [Ignore] or
	// an [Emit].
	OnFailure OnFailure `json:"-"`

	// Emits are the topics that an answer from outside emits.
	Emits []string `json:"-"`
	// Emissions are those that say more than their topic, such as when they are emitted: [Emit].Where.
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
	step.fails(config.OnFailure)
	return step
}

// Approval has several people decide a task; without it, the first answer counts.
type Approval struct {
	// Needed is how many approvals it takes; 1 by default.
	Needed int `json:"needed"`
	// Of is how many people may answer; without it, as many as the task is assigned to. Once too few are left
	// to approve, it is refused.
	Of int `json:"of"`
	// Veto has a single refusal decide it.
	Veto bool `json:"veto"`
	// Where is a CEL expression over `message`, an answer, that holds when it approves; `message.approved` by
	// default.
	Where string `json:"where"`
}

// Deadline is until when people have to answer a task. Times run from its opening. `After` is required.
type Deadline struct {
	// After is how long they have.
	After time.Duration `json:"after"`
	// Remind is when they are reminded, with a message on `Reminder`.
	Remind []time.Duration `json:"remind"`
	// Reminder is the topic that tells of a task that is due.
	Reminder string `json:"reminder"`
	// Escalation is the topic that tells of a task that is overdue.
	Escalation string `json:"escalation"`
	// Close closes the task then: nobody can answer it any more, and the run goes on with `Escalation`, or
	// with what `OnFailure` says.
	Close bool `json:"close"`
}

// Await is a message from outside that a step without a handler waits for. `Topic` is required.
type Await struct {
	// Topic is the topic that it comes on.
	Topic string `json:"topic"`
	// Where is a CEL expression over `message`, what comes, and `request`, the message that opened the wait:
	// `message.order_id == request.order_id`. Written like this, one of many waits is found at once.
	Where string `json:"where"`
	// Timeout is how long it is waited for; then `OnFailure` decides. Without one, as long as the run.
	Timeout time.Duration `json:"timeout"`
}

// CallFlow is a flow that a step without a handler calls with its message. `Flow` is required.
type CallFlow struct {
	// Flow is the flow: one with a call step.
	Flow string `json:"flow"`
	// Timeout is how long its answer is waited for; then `OnFailure` decides, and the call is cancelled.
	Timeout time.Duration `json:"timeout"`
	// Detached lets the call go on when the run that made it ends.
	Detached bool `json:"detached"`
}
