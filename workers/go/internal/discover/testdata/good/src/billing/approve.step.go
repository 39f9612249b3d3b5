package billing

import . "wistro.dev/go"

// Approve stands for a person.
var Approve = Noop(NoopConfig{Name: "Somebody approves", Flows: []string{"orders"}, Subscribes: []string{"order.shipped"}, Input: Type[Decision]()})

// Decision is what a person decides.
type Decision struct {
	Approved bool `json:"approved"`
}
