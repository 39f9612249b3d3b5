package wistro

import "encoding/json"

// Stream is a live collection: items by group and id, kept durably, and every change reaches the clients
// that subscribed. Its definition is a `*.stream.ts` or `*_stream.py` of the project.
type Stream interface {
	// Get reads an item into a pointer and says whether there was one.
	Get(group, id string, into any) (found bool, err error)
	// Set writes an item.
	Set(group, id string, item any) error
	// Delete removes an item and says whether there was one.
	Delete(group, id string) (deleted bool, err error)
	// List is the items of a group.
	List(group string) ([]json.RawMessage, error)
	// Send tells the clients of a channel something that is not kept.
	Send(channel Channel, event StreamEvent) error
}

// Channel is whom an event of a stream reaches: the clients of a group, or of one item.
type Channel struct {
	Group string
	// ID is the item; "" for the whole group.
	ID string
}

// StreamEvent is what is told to the clients of a stream.
type StreamEvent struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

// Items reads the items of a group.
func Items[T any](stream Stream, group string) ([]T, error) {
	raw, err := stream.List(group)
	if err != nil {
		return nil, err
	}
	items := make([]T, len(raw))
	for i, data := range raw {
		if err := json.Unmarshal(data, &items[i]); err != nil {
			return nil, Terminal(err)
		}
	}
	return items, nil
}
