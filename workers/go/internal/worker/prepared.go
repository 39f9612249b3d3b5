package worker

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

// preparedStep is a step that can be run.
type preparedStep struct {
	id    string
	kind  wistro.Kind
	flows []string
	run   func(ctx wistro.Context, data json.RawMessage) (any, error)

	receives  map[string]shape
	input     shape
	body      shape
	output    shape
	topics    map[string]shape
	responses map[string]shape
	// terminal names types of errors that are never retried.
	terminal []string
	// motia notes what does not fit a schema, and goes on.
	motia bool
}

// stepID is the id of a registered step: that of its config, else the name of its file; after the name of
// the app that it belongs to.
func stepID(registered wistro.Registered) string {
	id, app := "", ""
	config, _ := registered.Step.Config() // What is wrong with it, discovery has told.
	if id, _ = config["id"].(string); id == "" {
		id = strings.TrimSuffix(strings.TrimSuffix(path.Base(registered.Path), ".go"), ".step")
	}
	if parts := strings.Split(registered.Path, "/"); parts[0] == "apps" && len(parts) > 2 {
		app = parts[1] + "."
	}
	return app + id
}

// prepare makes a step ready; the error says which of its schemas cannot be used.
func prepare(id string, step *wistro.Step, described ManifestStep, motia bool) (*preparedStep, error) {
	prepared := &preparedStep{
		id: id, kind: step.Kind(), flows: described.Flows, run: step.Run, terminal: described.Terminal, motia: motia,
	}
	var err error
	one := func(schema json.RawMessage, what string) shape {
		found, wrong := shapeOf(schema)
		if wrong != nil && err == nil {
			err = fmt.Errorf("the schema of %s of `%s` (`%s`) cannot be used: %w", what, id, described.Path, wrong)
		}
		return found
	}
	many := func(schemas map[string]json.RawMessage, what string) map[string]shape {
		shapes := make(map[string]shape, len(schemas))
		for name, schema := range schemas {
			shapes[name] = one(schema, fmt.Sprintf("%s `%s`", what, name))
		}
		return shapes
	}
	prepared.receives = many(described.Receives, "the message on")
	prepared.input = one(described.Input, "the input")
	prepared.body = one(described.Body, "the body")
	prepared.output = one(described.Output, "the output")
	prepared.topics = many(described.Emits, "the emission on")
	prepared.responses = many(described.Responses, "the response")
	return prepared, err
}

// check refuses data that is not what it must be; the error begins with `what`.
type check func(data json.RawMessage, what string) error

// answerOf checks what a flow answers to those who call it. One whose schema cannot be used refuses every
// answer: its steps do all else.
func answerOf(flow string, schema map[string]json.RawMessage) check {
	text, err := contract.Write(schema)
	expected, wrong := shapeOf(text)
	if err = errors.Join(err, wrong); err == nil {
		return expected.check
	}
	return func(json.RawMessage, string) error {
		return setupError("bad_schema", fmt.Errorf("the schema of the answer of the flow `%s` cannot be used: %w", flow, err),
			"correct the schema, or the type that it was made of")
	}
}

// checkInput refuses a message that does not fit. The body of a request is checked after the middleware.
func (s *preparedStep) checkInput(invocation *contract.Invocation) error {
	if s.kind == wistro.KindAPI || s.kind == wistro.KindCron {
		return nil
	}
	if invocation.Topic != nil {
		if expected, found := s.receives[*invocation.Topic]; found {
			return expected.check(invocation.Data,
				fmt.Sprintf("The message on `%s` for `%s`", *invocation.Topic, s.id))
		}
	}
	return s.input.check(invocation.Data, fmt.Sprintf("The input for `%s`", s.id))
}

func (s *preparedStep) checkBody(body json.RawMessage) error {
	return s.body.check(body, fmt.Sprintf("The body of the request to `%s`", s.id))
}

// dump is the output in its wire form.
func (s *preparedStep) dump(returned any) (json.RawMessage, error) {
	what := fmt.Sprintf("What `%s` returned", s.id)
	if s.kind != wistro.KindAPI {
		output, err := encode(returned, what)
		if err != nil {
			return nil, err
		}
		return output, s.output.check(output, what)
	}
	response, _ := returned.(*wistro.RawResponse)
	if response == nil {
		response = &wistro.RawResponse{Status: http.StatusNoContent}
	}
	output := contract.HTTPOutput{Status: response.Status, Headers: response.Header}
	if output.Headers == nil {
		output.Headers = map[string]string{}
	}
	body := response.Body
	if content, ok := body.([]byte); ok {
		body, output.BodyEncoding = base64.StdEncoding.EncodeToString(content), "base64"
	}
	var err error
	if output.Body, err = encode(body, what); err != nil {
		return nil, err
	}
	return contract.Write(output)
}

// complaint is what is wrong with the response of an api step, by the schema of its status; "" for nothing.
func (s *preparedStep) complaint(output json.RawMessage) string {
	if s.kind != wistro.KindAPI || len(s.responses) == 0 {
		return ""
	}
	var found contract.HTTPOutput
	if err := json.Unmarshal(output, &found); err != nil || found.BodyEncoding != "" {
		return ""
	}
	status := fmt.Sprint(found.Status)
	err := s.responses[status].check(found.Body, fmt.Sprintf("The %s response of `%s`", status, s.id))
	if err == nil {
		return ""
	}
	return describe(err, nil).Message
}
