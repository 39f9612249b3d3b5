package worker

import (
	"encoding/json"
	"fmt"

	"wistro.dev/go"
)

// stream is a live collection, over the worker API.
type stream struct {
	name  string
	calls calls
}

var _ wistro.Stream = (*stream)(nil)

type item struct {
	Data json.RawMessage `json:"data"`
}

// Get implements wistro.Stream.
func (s *stream) Get(group, id string, into any) (bool, error) {
	var answer struct{ Item *item }
	err := s.calls.do("streams/get", s.body(fields{"group": group, "id": id}), true, &answer)
	if answer.Item == nil || err != nil {
		return false, err
	}
	what := fmt.Sprintf("the item `%s` of the group `%s` of the stream `%s`", id, group, s.name)
	return true, decodeInto(answer.Item.Data, into, what)
}

// Set implements wistro.Stream.
func (s *stream) Set(group, id string, data any) error {
	return s.calls.do("streams/set", s.body(fields{"group": group, "id": id, "data": data}), true, &struct{}{})
}

// Delete implements wistro.Stream. After an answer was lost, it says false for what it did remove.
func (s *stream) Delete(group, id string) (bool, error) {
	var answer struct{ Item *item }
	err := s.calls.do("streams/delete", s.body(fields{"group": group, "id": id}), true, &answer)
	return answer.Item != nil, err
}

// List implements wistro.Stream.
func (s *stream) List(group string) ([]json.RawMessage, error) {
	items := []json.RawMessage{}
	var after *string
	for {
		var answer struct {
			Items []item
			Next  *string
		}
		body := s.body(fields{"group": group, "after": after, "limit": page})
		if err := s.calls.do("streams/list", body, true, &answer); err != nil {
			return nil, err
		}
		for _, found := range answer.Items {
			items = append(items, found.Data)
		}
		if after = answer.Next; after == nil {
			return items, nil
		}
	}
}

// Send implements wistro.Stream.
func (s *stream) Send(channel wistro.Channel, event wistro.StreamEvent) error {
	body := fields{"group": channel.Group, "type": event.Type, "data": event.Data}
	if channel.ID != "" {
		body["id"] = channel.ID
	}
	return s.calls.do("streams/send", s.body(body), false, &struct{}{})
}

func (s *stream) body(body fields) fields {
	body["stream"] = s.name
	return body
}
