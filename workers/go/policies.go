package wistro

import "time"

// Retry says when a failed delivery is attempted again. What is left out has its default.
type Retry struct {
	// Attempts is how many attempts a delivery gets, the first included; 3 by default.
	Attempts int `json:"attempts"`
	// FirstDelay is the wait before the second attempt; a second by default.
	FirstDelay time.Duration `json:"firstDelay"`
	// Factor is how much longer each next wait is; 2 by default.
	Factor float64 `json:"factor"`
	// MaxDelay bounds the waits; 5 minutes by default.
	MaxDelay time.Duration `json:"maxDelay"`
	// Terminal names the types of errors that are never retried, such as `CardDeclined`.
	Terminal []string `json:"terminal"`
}

// Join makes a step wait for several messages; it is delivered to once per run and key.
type Join struct {
	// Key is a CEL expression over `message`; messages with the same value belong together.
	Key string `json:"key"`
	// Quorum is how many messages complete it; without one, the first message of each topic.
	Quorum int `json:"-"`
	// QuorumOf is the quorum as a CEL expression over `message`.
	QuorumOf string `json:"-"`
	// Timeout is how long it waits from its first message on; without one, as long as the run.
	Timeout time.Duration `json:"timeout"`
	// DeliverOnTimeout delivers what arrived by then, instead of failing the delivery.
	DeliverOnTimeout bool `json:"-"`
}

// Rate is at most Count starts in any Per.
type Rate struct {
	Count int `json:"count"`
	// Per is the length of the window; a second by default.
	Per time.Duration `json:"per"`
}

// Schedule says how the ticks of a cron step are kept. What is left out has its default.
type Schedule struct {
	// TimeZone is the IANA name of the zone that the expression is read in; UTC by default.
	TimeZone string `json:"timeZone"`
	// Overlap says what happens when the run of the last tick is still going; [OverlapSkip] by default.
	Overlap Overlap `json:"overlap"`
	// CatchUp is how late a tick that was missed may still start; a minute by default.
	CatchUp time.Duration `json:"catchUp"`
	// Jitter starts each tick a random part of this later.
	Jitter time.Duration `json:"jitter"`
	// Paused is created paused: it ticks once an operator says so.
	Paused bool `json:"paused"`
}

// Overlap is what happens when the run of the last tick is still going.
type Overlap string

// What a cron step can do about overlapping ticks.
const (
	OverlapSkip           Overlap = "skip"
	OverlapBufferOne      Overlap = "buffer_one"
	OverlapBufferAll      Overlap = "buffer_all"
	OverlapCancelOther    Overlap = "cancel_other"
	OverlapTerminateOther Overlap = "terminate_other"
	OverlapAllowAll       Overlap = "allow_all"
)

// OnFailure is what a delivery whose attempts are exhausted does: [Fail], [Hold], [Ignore], or an [Emit]
// of an error topic.
type OnFailure interface{ onFailure() }

type failureAction string

// What a delivery whose attempts are exhausted can do, besides emitting an error topic.
const (
	// Fail fails the run. It is the default.
	Fail failureAction = "fail"
	// Hold keeps the delivery for an operator.
	Hold failureAction = "hold"
	// Ignore goes on without it.
	Ignore failureAction = "ignore"
)

func (failureAction) onFailure() {}

func (Emit) onFailure() {}

// Responds says whether a step gives the callers of its flow their answer, with [Context.Respond].
type Responds string

const (
	// RespondsAlways is for a step that answers whenever it succeeds.
	RespondsAlways Responds = "always"
	// RespondsSometimes is for a step that answers and emits nothing, or goes on without an answer.
	RespondsSometimes Responds = "conditional"
)
