package wistro

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// declare turns a config into the JSON values that the tool reads: zero fields are left out, durations are
// seconds. The names are those of the `json` tags.
func declare(config any) map[string]any { return fields(reflect.ValueOf(config)) }

func plain(value reflect.Value) any {
	if duration, ok := value.Interface().(time.Duration); ok {
		return duration.Seconds()
	}
	switch value.Kind() {
	case reflect.Pointer:
		return plain(value.Elem())
	case reflect.Slice:
		items := make([]any, value.Len())
		for i := range items {
			items[i] = plain(value.Index(i))
		}
		return items
	case reflect.Struct:
		return fields(value)
	default:
		return value.Interface()
	}
}

func fields(value reflect.Value) map[string]any {
	table := map[string]any{}
	for i := range value.NumField() {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		if field := value.Field(i); name != "-" && name != "" && !field.IsZero() {
			table[name] = plain(field)
		}
	}
	if join, ok := value.Interface().(Join); ok {
		join.complete(table)
	}
	return table
}

func (j Join) complete(table map[string]any) {
	if j.Quorum != 0 {
		table["quorum"] = j.Quorum
	}
	if j.QuorumOf != "" {
		table["quorum"] = j.QuorumOf
	}
	if j.DeliverOnTimeout {
		table["onTimeout"] = "deliver"
	}
}

// subscribes adds what a step listens to, the short spellings first.
func (s *Step) subscribes(topics []string, subscriptions []Subscribe) {
	var all []any
	for _, topic := range topics {
		all = append(all, topic)
	}
	for _, subscription := range subscriptions {
		all = append(all, declare(subscription))
	}
	if all != nil {
		s.config["subscribes"] = all
	}
}

// emits adds what a step may emit, the short spellings first.
func (s *Step) emits(topics []string, emissions []Emission) {
	var all []any
	for _, topic := range topics {
		all = append(all, topic)
	}
	for _, emission := range emissions {
		if emission == nil {
			s.problem(errors.New("an emission is nil, expected an `Emit` or a `Topic`"))
			continue
		}
		all = append(all, s.emission(emission.emission()))
	}
	if all != nil {
		s.config["emits"] = all
	}
}

func (s *Step) emission(emit Emit) map[string]any {
	table := declare(emit)
	s.schema(table, "message", emit.Message, fmt.Sprintf("the message of `%s`", emit.Topic))
	return table
}

// fails adds what happens when the attempts are exhausted.
func (s *Step) fails(action OnFailure) {
	switch action := action.(type) {
	case nil:
	case Emit:
		s.config["onFailure"] = s.emission(action)
	default:
		s.config["onFailure"] = action
	}
}

// schema puts a schema into a table; one that cannot be made is a problem of the step.
func (s *Step) schema(table map[string]any, field string, schema Schema, what string) {
	document, err := schema.document()
	if err != nil {
		s.problem(fmt.Errorf("%s: %w", what, err))
	} else if document != nil {
		table[field] = document
	}
}
