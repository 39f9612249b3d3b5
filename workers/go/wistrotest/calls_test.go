package wistrotest_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/wistrotest"
)

type score struct {
	Points int `json:"points"`
}

var credit = wistro.Callable[order, score]("credit")

var judge = wistro.EventResult(wistro.EventConfig{Name: "Judge", Subscribes: []string{"order.placed"}},
	func(ctx wistro.Context, in order) (score, error) {
		return credit.Call(ctx, in, wistro.CallKey(in.ID), wistro.CallTimeout(time.Minute),
			wistro.CallDetached(), wistro.CallContext(map[string]string{"app": "till"}))
	})

func TestCalls(t *testing.T) {
	ctx := wistrotest.New(t)
	ctx.Given.Answers["credit"] = wistrotest.Answering(func(in order) (score, error) {
		return score{Points: len(in.Items)}, nil
	})
	if got, err := ctx.Run(judge, order{ID: "7", Items: []string{"a", "b"}}); err != nil || got != (score{Points: 2}) {
		t.Fatalf("got %v, %v", got, err)
	}
	want := []wistrotest.Call{{
		Flow: "credit", Input: json.RawMessage(`{"id":"7","items":["a","b"]}`),
		Options: wistro.CallOptions{
			Key: "7", Timeout: time.Minute, Detached: true, ClientContext: map[string]string{"app": "till"},
		},
	}}
	if got := ctx.Calls(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCallsWithoutAnAnswer(t *testing.T) {
	refused := &wistro.CallFailedError{Flow: "credit", Status: wistro.CallFlowFailed, Code: "odd", Message: "it is odd"}
	cases := map[string]struct {
		answer wistrotest.Answer
		want   string
	}{
		"failed":  {func(json.RawMessage) (any, error) { return nil, refused }, "odd"},
		"unknown": {nil, "not_callable"},
		"input":   {wistrotest.Answering(func(int) (score, error) { return score{}, nil }), wistro.CodeInvalid},
		"output":  {wistrotest.Answering(func(order) (int, error) { return 7, nil }), wistro.CodeInvalid},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			ctx := wistrotest.New(t)
			if test.answer != nil {
				ctx.Given.Answers["credit"] = test.answer
			}
			if _, err := ctx.Run(judge, order{ID: "7"}); code(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestACallIsNotWaitedForWhenTheHandlerIsToStop(t *testing.T) {
	ctx := wistrotest.New(t)
	ctx.Cancel(wistro.ErrCancelled)
	_, err := ctx.Run(judge, order{ID: "7"})
	var pending *wistro.CallPendingError
	if !errors.As(err, &pending) || !errors.Is(err, wistro.ErrCancelled) {
		t.Errorf("got %v", err)
	}
}
