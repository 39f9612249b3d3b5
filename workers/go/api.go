package wistro

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"wistro.dev/go/internal/seam"
)

// APIConfig describes a step that an HTTP request triggers. `Name`, `Path` and `Method` are required.
type APIConfig struct {
	// ID is the step's id; without one, the name of its file without `.step.go`.
	ID string `json:"id"`
	// Name is for people who do not program.
	Name string `json:"name"`
	// Description says what it does and why, for the same people.
	Description string `json:"description"`
	// Flows are the flows it belongs to; without one, the flow `default`.
	Flows []string `json:"flows"`

	// Path is the route, with parameters as `/orders/{id}` or `/orders/:id`.
	Path string `json:"path"`
	// Method is the HTTP method.
	Method string `json:"method"`
	// Body is the schema of the request's JSON body; without one, that of the type that the handler takes.
	Body Schema `json:"-"`
	// QueryParams are the query parameters, for the documentation.
	QueryParams []QueryParam `json:"queryParams"`
	// Status is the status of a [Response] that names none; 200 by default.
	Status int `json:"-"`
	// Responses are the bodies of other statuses: `wistro.Responses{404: wistro.Type[Problem]()}`.
	Responses Responses `json:"-"`
	// Middleware stands around the handler, the first one outermost.
	Middleware []Middleware `json:"-"`
	// Async answers 202 with the run's id, instead of waiting for the handler.
	Async bool `json:"-"`
	// Signature is the signature that a request must carry: [GitHubSignature] or [HMACSignature].
	Signature Signature `json:"-"`

	// Emits are the topics that it may emit.
	Emits []string `json:"-"`
	// Emissions are those that say more than their topic, such as the type of the message.
	Emissions []Emission `json:"-"`
	// VirtualEmits are edges to topics that are drawn only.
	VirtualEmits []Virtual `json:"virtualEmits"`
	// VirtualSubscribes are edges from topics that are drawn only.
	VirtualSubscribes []Virtual `json:"virtualSubscribes"`

	// Retry says when a failed delivery is attempted again.
	Retry *Retry `json:"retry"`
	// OnFailure says what happens when the attempts are exhausted: [Fail], [Hold], [Ignore] or an [Emit].
	OnFailure OnFailure `json:"-"`
	// Timeout is how long one attempt may take.
	Timeout time.Duration `json:"timeout"`
	// Heartbeat is for how long an attempt may show no sign of life before it counts as lost.
	Heartbeat time.Duration `json:"heartbeat"`
	// Concurrency is how many attempts may run at the same time in each worker process.
	Concurrency int `json:"concurrency"`
	// Rate is how many attempts may start in a span of time, over all workers.
	Rate *Rate `json:"rate"`
	// Responds says whether the step gives the flow's callers their answer.
	Responds Responds `json:"responds"`
	// IncludeFiles are files that the handler reads, as patterns relative to its own file.
	IncludeFiles []string `json:"includeFiles"`
}

// QueryParam is a query parameter, for the documentation.
type QueryParam struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Responses are the bodies of answers by their status.
type Responses map[int]Schema

// API makes a step that an HTTP request triggers; what its handler returns is the answer. `In` is the type
// of the JSON body ([None] for a request without one), `Out` that of the answer's.
func API[In, Out any](config APIConfig, handler func(ctx Context, request Request[In]) (Response[Out], error)) *Step {
	var run runner
	if handler != nil {
		run = serve(config, handler)
	}
	step := newStep(KindAPI, config, run)
	step.schema(step.config, "bodySchema", orType[In](config.Body), "the body")
	step.responses(success(config.Status), Type[Out](), config.Responses)
	step.emits(config.Emits, config.Emissions)
	step.fails(config.OnFailure)
	if config.Async {
		step.config["mode"] = "async"
	}
	if config.Signature != nil {
		step.config["signature"] = config.Signature.signature()
	}
	return step
}

func (s *Step) responses(status int, body Schema, others Responses) {
	table := map[string]any{}
	s.schema(table, strconv.Itoa(status), body, "the response")
	for status, schema := range others {
		s.schema(table, strconv.Itoa(status), schema, "the response "+strconv.Itoa(status))
	}
	if len(table) > 0 {
		s.config["responseSchema"] = table
	}
}

func success(status int) int {
	if status == 0 {
		return http.StatusOK
	}
	return status
}

// serve decodes the request, goes through the middleware and reads the body as the handler wants it.
func serve[In, Out any](config APIConfig, handler func(Context, Request[In]) (Response[Out], error)) runner {
	next := Next(func(ctx Context, raw *RawRequest) (*RawResponse, error) {
		// After the middleware: who may not come in learns nothing about schemas.
		if err := seam.CheckBody(ctx, raw.Body); err != nil {
			return nil, err
		}
		body, err := decode[In](ctx, raw.Body, "body")
		if err != nil {
			return nil, err
		}
		response, err := handler(ctx, Request[In]{RawRequest: raw, Body: body})
		if err != nil {
			return nil, err
		}
		return response.raw(success(config.Status)), nil
	})
	for i := len(config.Middleware) - 1; i >= 0; i-- {
		next = config.Middleware[i](next)
	}
	return func(ctx Context, data json.RawMessage) (any, error) {
		raw, err := decode[requestData](ctx, data, "request")
		if err != nil {
			return nil, err
		}
		return next(ctx, raw.request())
	}
}
