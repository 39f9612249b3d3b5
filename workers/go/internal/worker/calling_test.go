package worker

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/golden"
)

func callingIt() *contract.Invocation {
	of := ofIt()
	of.IdempotencyKey, of.Trigger.Depth, of.Released = "key", 2, 1
	return of
}

func calledWith(api calls, into any, options ...wistro.CallOption) error {
	return (&calling{}).call(api, callingIt(), made("credit", map[string]int{"id": 7}, options), into)
}

const (
	yet    = `{"flow": "shop.credit", "call_id": "c1", "answer": null}`
	points = `{"flow": "shop.credit", "call_id": "c1", "answer": {"status": "answered", "data": {"points": 7}}}`
)

func TestACallIsWaitedForUntilItIsAnswered(t *testing.T) {
	calls, seen := served(t, hangUp, answer(503, ""), answer(200, yet), answer(504, ""), answer(200, yet), answer(200, points))
	var score struct{ Points int }
	if err := calledWith(calls, &score); err != nil || score.Points != 7 {
		t.Fatalf("%v, %v", score, err)
	}
	asked := seen.all()
	if len(asked) != 6 || asked[0] != asked[2] || asked[3] != asked[5] {
		t.Fatalf("found %q", asked)
	}
	if want := `/calls/call {"by":null,"client_context":null,"delivery_id":"00f067aa0ba902b7","depth":2,"detached":false,` +
		`"flow":"credit","idempotency_key":"key","input":{"id":7},"number":1,"released":1,"traceparent":null,"wait":25}`; asked[0] != want {
		t.Errorf("expected %s, found %s", want, asked[0])
	}
	if want := `/calls/fetch {"call_id":"c1","flow":"shop.credit","wait":25}`; asked[3] != want {
		t.Errorf("expected %s, found %s", want, asked[3])
	}
}

func TestWhatAHandlerSaysOfACall(t *testing.T) {
	api, seen := served(t, answer(200, points))
	calling, of := &calling{}, callingIt()
	for _, options := range [][]wistro.CallOption{
		{}, {wistro.CallKey("line 3"), wistro.CallDetached(), wistro.CallContext("till")}, {},
	} {
		if err := calling.call(api, of, made("credit", nil, options), nil); err != nil {
			t.Fatal(err)
		}
	}
	request, err := shapeOf(golden.Read[json.RawMessage](t, "schemas", "worker_api", "CallsCall.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i, parts := range [][]string{
		{`"number":1`, `"client_context":null`}, {`"key":"line 3"`, `"detached":true`, `"client_context":"till"`}, {`"number":2`},
	} {
		asked := seen.all()[i]
		if err := request.check(json.RawMessage(strings.TrimPrefix(asked, "/calls/call ")), "the request"); err != nil {
			t.Error(err)
		}
		for _, part := range parts {
			if !strings.Contains(asked, part) {
				t.Errorf("expected %s in %s", part, asked)
			}
		}
	}
	if err := calling.call(api, of, made("credit", func() {}, nil), nil); describe(err, nil).Code != wistro.CodeInvalid {
		t.Errorf("found %v", err)
	}
}

func TestACallThatHasNoAnswer(t *testing.T) {
	for name, want := range map[string]contract.ErrorInfo{
		"calls_call_answer_failed": {
			Code: "unknown_order", Message: "the call of `refunds` has no answer: there is no order `7`",
			Details: json.RawMessage(`{"call_id":"00112233445566778899aabbccddeeff","flow":"refunds","status":"flow_failed"}`),
		},
		"calls_fetch_answer_not_reached": {
			Code: "response_not_reached", Message: "the call of `refunds` has no answer: the run ended without an answer",
			Details: json.RawMessage(`{"call_id":"00112233445566778899aabbccddeeff","flow":"refunds",` +
				`"path":["ask_for_refund","refuse"],"status":"response_not_reached"}`),
		},
	} {
		message := golden.Read[golden.Message](t, "messages", "valid", name+".json")
		calls, _ := served(t, answer(200, string(message.Message)))
		err := calledWith(calls, nil)
		var refused *wistro.CallFailedError
		if !errors.As(err, &refused) || refused.Flow != "refunds" || refused.Code != want.Code {
			t.Fatalf("%s: found %v", name, err)
		}
		failed := "CallFailed"
		want.Type = &failed
		if info := describe(err, nil); !reflect.DeepEqual(info, want) {
			t.Errorf("%s: found %+v", name, info)
		}
	}
	refuses, _ := served(t, answer(422, `{"error": {"code": "call_too_deep", "message": "too deep hint: break the circle"}}`))
	if info := describe(calledWith(refuses, nil), nil); info.Code != "call_too_deep" || info.Retryable {
		t.Errorf("found %+v", info)
	}
}

func TestACallIsPendingAfterItsTimeout(t *testing.T) {
	calls, _ := served(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(30 * time.Millisecond)
		answer(200, yet)(w, r)
	})
	err := calledWith(calls, nil, wistro.CallTimeout(20*time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("found %v", err)
	}
	info := describe(err, nil)
	var details map[string]any
	_ = json.Unmarshal(info.Details, &details)
	if info.Code != "call_pending" || !info.Retryable || value(info.Type) != "CallPending" || details["call_id"] != "c1" || details["reason"] != nil {
		t.Errorf("found %+v %s", info, info.Details)
	}
	if info := describe(err, []string{"CallPending"}); info.Retryable {
		t.Error("policies can name it")
	}
}

func TestACallIsNotWaitedForWhenTheHandlerIsToStop(t *testing.T) {
	calls, _ := served(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, stop := context.WithCancelCause(t.Context())
	calls.ctx = ctx
	time.AfterFunc(20*time.Millisecond, func() { stop(wistro.ErrWorkerStopping) })
	begun := time.Now()
	err := calledWith(calls, nil)
	var pending *wistro.CallPendingError
	if !errors.As(err, &pending) || !errors.Is(err, wistro.ErrWorkerStopping) || !hasStopped(ctx, err) || time.Since(begun) > 5*time.Second {
		t.Fatalf("found %v", err)
	}
}
