package billing

import . "wistro.dev/go"

// Approve stands for a person.
var Approve = Noop(NoopConfig{Name: "Somebody approves", Flows: []string{"orders"}, Subscribes: []string{"order.shipped"}, Input: Type[Approval]()})

// Approval is a person's answer.
type Approval struct {
	Approved bool `json:"approved"`
}
