package wistrotest

import (
	"encoding/json"
	"slices"
	"sync"

	"wistro.dev/go"
)

// Stream is a [wistro.Stream] in memory.
type Stream struct {
	items *memory

	mu   sync.Mutex
	sent []Sent
}

var _ wistro.Stream = (*Stream)(nil)

// Sent is an event that a handler sent to a channel.
type Sent struct {
	Channel wistro.Channel
	Event   wistro.StreamEvent
}

// Get reads an item.
func (s *Stream) Get(group, id string, into any) (bool, error) { return s.items.Get(group, id, into) }

// Set writes an item.
func (s *Stream) Set(group, id string, item any) error { return s.items.Set(group, id, item) }

// Delete removes an item.
func (s *Stream) Delete(group, id string) (bool, error) { return s.items.Delete(group, id) }

// List is the items of a group.
func (s *Stream) List(group string) ([]json.RawMessage, error) { return s.items.values(group), nil }

// Send keeps the event for the test.
func (s *Stream) Send(channel wistro.Channel, event wistro.StreamEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, Sent{Channel: channel, Event: event})
	return nil
}

// Sent is what was sent, in order.
func (s *Stream) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}
