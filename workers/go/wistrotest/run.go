package wistrotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"wistro.dev/go"
	"wistro.dev/go/internal/seam"
)

// Run delivers a message, the input of a call, or nil for a cron to a step, and returns what its handler
// gave back. The message and what the handler emits are checked against the step's config. When the handler
// fails, what it emitted and answered is dropped, as it is by a worker.
func (c *Context) Run(step *wistro.Step, data any) (any, error) {
	c.t.Helper()
	config := c.begin(step)
	defer c.end()
	message, err := c.write(data, "the message")
	if err != nil {
		return nil, err
	}
	if err := fits(config["input"], message, fmt.Sprintf("the message for `%s`", c.Given.Step)); err != nil {
		return nil, err
	}
	return c.attempt(step, message)
}

// Request is a request to an api step.
type Request struct {
	PathParams map[string]string
	Query      url.Values
	Header     http.Header
	// Body is what is sent as JSON; nil for none.
	Body any
	// RawBody is sent instead of Body, for bodies that are no JSON and for signatures.
	RawBody []byte
}

// Request sends a request through an api step's middleware to its handler.
func (c *Context) Request(step *wistro.Step, request Request) (*wistro.RawResponse, error) {
	c.t.Helper()
	config := c.begin(step)
	defer c.end()
	data, err := c.request(request)
	if err != nil {
		return nil, err
	}
	outside := c.Context
	defer func() { c.Context = outside }()
	c.Context = seam.WithBodyCheck(outside, func(body json.RawMessage) error {
		return fits(config["bodySchema"], body, fmt.Sprintf("the body of the request to `%s`", c.Given.Step))
	})
	returned, err := c.attempt(step, data)
	response, _ := returned.(*wistro.RawResponse)
	return response, err
}

func (c *Context) request(request Request) (json.RawMessage, error) {
	body, err := c.write(request.Body, "the body")
	if err != nil {
		return nil, err
	}
	raw := request.RawBody
	if raw == nil && request.Body != nil {
		raw = body
	}
	if request.Body == nil && json.Valid(raw) {
		body = raw
	}
	headers := map[string]string{}
	for name, values := range request.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return c.write(map[string]any{
		"path_params": request.PathParams, "query_params": request.Query, "headers": headers,
		"body": body, "raw_body": raw,
	}, "the request")
}

// begin makes the context that of a step.
func (c *Context) begin(step *wistro.Step) map[string]any {
	c.t.Helper()
	config, err := step.Config()
	if err != nil {
		c.t.Fatalf("the config of the step is wrong: %v", err)
	}
	if id, ok := config["id"].(string); ok && c.Given.Step == "step" {
		c.Given.Step = id
	}
	c.topics = topicsOf(config)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = false
	return config
}

func (c *Context) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}

// attempt calls the handler. What a failed attempt did has no effect.
func (c *Context) attempt(step *wistro.Step, data json.RawMessage) (any, error) {
	before, answered := c.Emissions(), c.Response()
	returned, err := step.Run(c, data)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.emissions, c.response = before, answered
	}
	return returned, err
}

func topicsOf(config map[string]any) *topics {
	schemas := map[string]any{}
	emits, _ := config["emits"].([]any)
	for _, emit := range emits {
		switch emit := emit.(type) {
		case string:
			schemas[emit] = nil
		case map[string]any:
			schemas[emit["topic"].(string)] = emit["message"]
		}
	}
	return &topics{schemas: schemas}
}

// fits refuses data that its schema refuses.
func fits(schema any, data json.RawMessage, what string) error {
	if schema == nil {
		return nil
	}
	// Through JSON: the validator wants values as a decoder makes them.
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		return err
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return err
	}
	if err := compiled.Validate(value); err != nil {
		return &wistro.TerminalError{
			Code: wistro.CodeInvalid,
			Err:  fmt.Errorf("%s does not fit its schema: %w", what, err),
			Hint: "change the sender or the schema so that the two agree",
		}
	}
	return nil
}
