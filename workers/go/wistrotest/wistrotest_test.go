package wistrotest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/wistrotest"
)

type order struct {
	ID    string   `json:"id"`
	Items []string `json:"items"`
}

type problem struct {
	Reason string `json:"reason"`
}

var placed = wistro.Message[order]("order.placed")

var ship = wistro.Event(wistro.EventConfig{
	Name: "Ship", Subscribes: []string{"order.placed"}, Emits: []string{"order.shipped"},
	Emissions: []wistro.Emission{placed},
}, func(ctx wistro.Context, in order) error {
	switch in.ID {
	case "undeclared":
		return ctx.Emit("order.lost", in)
	case "unwritable":
		return ctx.Emit("order.shipped", func() {})
	case "misfit":
		return ctx.Emit("order.placed", map[string]any{"id": 7})
	case "late":
		_ = ctx.Emit("order.shipped", in)
		return wistro.Retryable(errors.New("the carrier is away"), time.Minute)
	case "secret":
		_, err := ctx.Secrets().Get("CARRIER")
		return err
	case "twice":
		return errors.Join(ctx.Respond(1), ctx.Respond(2))
	}
	ctx.Logger().With("order", in.ID).Info("shipped", "items", len(in.Items))
	return errors.Join(ctx.Heartbeat(map[string]int{"done": 1}), ctx.Respond("on its way"), ctx.Emit("order.shipped", in))
})

func TestRun(t *testing.T) {
	ctx := wistrotest.New(t)
	if _, err := ctx.Run(ship, order{ID: "7"}); err != nil {
		t.Fatal(err)
	}
	want := []order{{ID: "7", Items: []string{}}}
	if got := wistrotest.Emitted[order](ctx, "order.shipped"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := string(ctx.Response()); got != `"on its way"` {
		t.Errorf("got %s", got)
	}
	if got := ctx.Heartbeats(); len(got) != 1 || string(got[0]) != `{"done":1}` {
		t.Errorf("got %s", got)
	}
	logged := []wistrotest.Line{{Level: "INFO", Message: "shipped", Fields: map[string]any{"order": "7", "items": 0.0}}}
	if got := ctx.Logs(); !reflect.DeepEqual(got, logged) {
		t.Errorf("got %v, want %v", got, logged)
	}
	if err := ctx.Emit("order.shipped", nil); code(err) != wistro.CodeAttemptOver {
		t.Errorf("got %v after the attempt", err)
	}
}

func code(err error) string {
	var terminal *wistro.TerminalError
	if errors.As(err, &terminal) {
		return terminal.Code
	}
	return ""
}

func TestRunRefuses(t *testing.T) {
	cases := map[string]struct {
		data any
		want string
	}{
		"undeclared": {order{ID: "undeclared"}, wistro.CodeUndeclaredTopic},
		"unwritable": {order{ID: "unwritable"}, wistro.CodeInvalid},
		"misfit":     {order{ID: "misfit"}, wistro.CodeInvalid},
		"secret":     {order{ID: "secret"}, "unknown_secret"},
		"twice":      {order{ID: "twice"}, wistro.CodeAlreadyResponded},
		"input":      {map[string]any{"id": 7}, wistro.CodeInvalid},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := wistrotest.New(t)
			if _, err := ctx.Run(ship, test.data); code(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestFailedAttemptEmitsNothing(t *testing.T) {
	ctx := wistrotest.New(t)
	_, err := ctx.Run(ship, order{ID: "late"})
	var retryable *wistro.RetryableError
	if !errors.As(err, &retryable) || retryable.After != time.Minute {
		t.Errorf("got %v", err)
	}
	if got := ctx.Emissions(); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestGiven(t *testing.T) {
	ctx := wistrotest.New(t)
	ctx.Given.Secrets["CARRIER"] = "key"
	ctx.Given.Attempt = 3
	ctx.Given.Trigger.ClientContext = json.RawMessage(`{"app": "till"}`)
	if value, err := ctx.Secrets().Get("CARRIER"); value != "key" || err != nil {
		t.Errorf("got %s, %v", value, err)
	}
	if ctx.Attempt() != 3 || string(ctx.ClientContext()) != `{"app": "till"}` || ctx.Flows()[0] != "test" {
		t.Errorf("got %d, %s, %v", ctx.Attempt(), ctx.ClientContext(), ctx.Flows())
	}
	ctx.Cancel(wistro.ErrTimeout)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, wistro.ErrTimeout) {
		t.Errorf("got %v", cause)
	}
}

func TestState(t *testing.T) {
	state := wistrotest.New(t).State()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(state.Set("orders", "7", order{ID: "7"}))
	got, found, err := wistro.Get[order](state, "orders", "7")
	check(err)
	if !found || got.ID != "7" {
		t.Errorf("got %v, %v", got, found)
	}
	if _, found, err := wistro.Get[order](state, "orders", "8"); found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
	entry, err := state.Entry("orders", "7")
	check(err)
	check(state.SetIf("orders", "7", order{ID: "7b"}, entry.Version))
	if err := state.SetIf("orders", "7", order{ID: "7c"}, entry.Version); err == nil {
		t.Error("expected a conflict")
	}
	done, err := state.CompareAndSet("orders", "8", nil, order{ID: "8"})
	check(err)
	again, err := state.CompareAndSet("orders", "8", map[string]any{"items": []any{}, "id": "8"}, order{ID: "8b"})
	check(err)
	never, err := state.CompareAndSet("orders", "8", nil, order{ID: "8c"})
	check(err)
	if !done || !again || never {
		t.Errorf("got %v, %v, %v", done, again, never)
	}
	all, err := wistro.List[order](state, "orders")
	check(err)
	if len(all) != 2 || all["8"].ID != "8b" {
		t.Errorf("got %v", all)
	}
	sum, err := state.Increment("counts", "parcels", 2)
	check(err)
	if sum != 2 {
		t.Errorf("got %v", sum)
	}
	if _, err := state.Increment("orders", "7", 1); code(err) != "value_not_a_number" {
		t.Errorf("got %v", err)
	}
	deleted, err := state.Delete("orders", "7")
	check(err)
	removed, err := state.Clear("orders")
	check(err)
	if !deleted || removed != 1 {
		t.Errorf("got %v, %v", deleted, removed)
	}
}

func TestStreams(t *testing.T) {
	ctx := wistrotest.New(t)
	stream := ctx.Streams("chat")
	err := errors.Join(stream.Set("room", "1", order{ID: "1"}), stream.Set("room", "2", order{ID: "2"}),
		stream.Send(wistro.Channel{Group: "room"}, wistro.StreamEvent{Type: "typing"}))
	if err != nil {
		t.Fatal(err)
	}
	items, err := wistro.Items[order](stream, "room")
	if err != nil || len(items) != 2 || items[1].ID != "2" {
		t.Errorf("got %v, %v", items, err)
	}
	if sent := ctx.Stream("chat").Sent(); len(sent) != 1 || sent[0].Event.Type != "typing" {
		t.Errorf("got %v", sent)
	}
}

func middleware(name string) wistro.Middleware {
	return func(next wistro.Next) wistro.Next {
		return func(ctx wistro.Context, request *wistro.RawRequest) (*wistro.RawResponse, error) {
			if request.Header.Get("Authorization") == "" {
				return &wistro.RawResponse{Status: http.StatusUnauthorized}, nil
			}
			response, err := next(ctx, request)
			if response != nil {
				response.Header = map[string]string{"x-seen": name + response.Header["x-seen"]}
			}
			return response, err
		}
	}
}

var place = wistro.API(wistro.APIConfig{
	Name: "Place", Method: http.MethodPost, Path: "/shops/:shop/orders", Status: http.StatusCreated,
	Emissions:  []wistro.Emission{placed},
	Responses:  wistro.Responses{http.StatusConflict: wistro.Type[problem]()},
	Middleware: []wistro.Middleware{middleware("outer,"), middleware("inner")},
}, func(ctx wistro.Context, request wistro.Request[order]) (wistro.Response[order], error) {
	switch request.Body.ID {
	case "":
		return wistro.Response[order]{}, errors.New("it has no id")
	case "taken":
		return wistro.Answer[order](http.StatusConflict, problem{Reason: "it is taken"}), nil
	}
	items := append(request.Query["item"], request.PathParams["shop"], fmt.Sprint(len(request.RawBody)))
	return wistro.OK(order{ID: request.Body.ID, Items: items}), placed.Emit(ctx, request.Body)
})

func TestRequest(t *testing.T) {
	known := http.Header{"Authorization": {"Bearer x"}}
	cases := map[string]struct {
		request wistrotest.Request
		status  int
		body    any
		err     string
	}{
		"created": {
			wistrotest.Request{
				Header: known, Body: order{ID: "7"}, PathParams: map[string]string{"shop": "berlin"},
				Query: url.Values{"item": {"a", "b"}},
			},
			http.StatusCreated, order{ID: "7", Items: []string{"a", "b", "berlin", "21"}}, "",
		},
		"answered":     {wistrotest.Request{Header: known, Body: order{ID: "taken"}}, http.StatusConflict, problem{Reason: "it is taken"}, ""},
		"unauthorized": {wistrotest.Request{Body: 7}, http.StatusUnauthorized, nil, ""},
		"failed":       {wistrotest.Request{Header: known, Body: order{}}, 0, nil, "it has no id"},
		"misfit":       {wistrotest.Request{Header: known, Body: 7}, 0, nil, "does not fit its schema"},
		"raw": {
			wistrotest.Request{Header: known, RawBody: []byte(`{"id": "r", "items": []}`)},
			http.StatusCreated, order{ID: "r", Items: []string{"", "24"}}, "",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			response, err := wistrotest.New(t).Request(place, test.request)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if response.Status != test.status || !reflect.DeepEqual(response.Body, test.body) {
				t.Errorf("got %d %v, want %d %v", response.Status, response.Body, test.status, test.body)
			}
			if test.status == http.StatusCreated && response.Header["x-seen"] != "outer,inner" {
				t.Errorf("got %v", response.Header)
			}
		})
	}
}
