package wistro

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// None is the body of a request or an answer that has none.
type None struct{}

// MarshalJSON writes null.
func (None) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// UnmarshalJSON accepts everything: whoever takes None does not look at the body.
func (*None) UnmarshalJSON([]byte) error { return nil }

// Next goes on with a request: to the next middleware, and in the end to the handler.
type Next func(ctx Context, request *RawRequest) (*RawResponse, error)

// Middleware stands around the handler of an api step: it may look at the request, change it, answer in
// the handler's stead, or change the answer.
type Middleware func(next Next) Next

// RawRequest is a request whose body was not read into a type.
type RawRequest struct {
	PathParams map[string]string
	Query      url.Values
	Header     http.Header
	// Body is the JSON body; nil without one.
	Body json.RawMessage
	// RawBody is the body as it came.
	RawBody []byte
}

// Request is a request with a typed body.
type Request[T any] struct {
	*RawRequest
	Body T
}

// RawResponse is an answer of any kind.
type RawResponse struct {
	Status int
	Header map[string]string
	// Body is anything that JSON can carry; `[]byte` is sent as it is.
	Body any
}

// Response is an answer with a typed body. A response of another shape, such as an error, is made by
// [Answer].
type Response[T any] struct {
	// Status is the status; [APIConfig.Status] when it is 0.
	Status int
	Header map[string]string
	Body   T

	other any
}

// OK is an answer with this body.
func OK[T any](body T) Response[T] { return Response[T]{Body: body} }

// Answer is an answer of this status whose body is not a T: what went wrong, say. It is no failure of the
// step: nothing is attempted again, and what the handler emitted is sent.
//
//	return wistro.Answer[Order](http.StatusNotFound, Problem{…}), nil
func Answer[T any](status int, body any) Response[T] { return Response[T]{Status: status, other: body} }

func (r Response[T]) raw(status int) *RawResponse {
	if r.Status != 0 {
		status = r.Status
	}
	raw := &RawResponse{Status: status, Header: r.Header, Body: r.other}
	if r.other == nil {
		raw.Body = r.Body
	}
	return raw
}

// requestData is a request as it travels.
type requestData struct {
	PathParams  map[string]string `json:"path_params"`
	QueryParams map[string]values `json:"query_params"`
	Headers     map[string]string `json:"headers"`
	Body        json.RawMessage   `json:"body"`
	RawBody     []byte            `json:"raw_body"`
}

func (d requestData) request() *RawRequest {
	request := &RawRequest{
		PathParams: d.PathParams,
		Query:      url.Values{},
		Header:     http.Header{},
		Body:       d.Body,
		RawBody:    d.RawBody,
	}
	for name, found := range d.QueryParams {
		request.Query[name] = found
	}
	for name, value := range d.Headers {
		request.Header.Set(name, value)
	}
	return request
}

// values are one text, or several.
type values []string

// UnmarshalJSON reads `"a"` and `["a", "b"]`.
func (v *values) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*v = values{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(v))
}
