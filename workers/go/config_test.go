package wistro_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"wistro.dev/go"
)

type told struct {
	ID string `json:"id"`
}

var toldTopic = wistro.Message[told]("warehouse.told")

func event(wistro.Context, told) error { return nil }

// everyField are steps that say everything that a config can say. The tests in Python read the same golden
// file: what Go writes there, `parse_config` accepts.
var everyField = map[string]*wistro.Step{
	"event": wistro.Event(wistro.EventConfig{
		ID: "tell", Name: "Tell", Description: "Tells.", Flows: []string{"orders"},
		Subscribes:    []string{"a"},
		Subscriptions: []wistro.Subscribe{{Topic: "b", Where: "message.total > 100", Label: "large"}},
		Join:          &wistro.Join{Key: "message.id", Quorum: 2, Timeout: time.Hour, DeliverOnTimeout: true},
		Emits:         []string{"plain"},
		Emissions: []wistro.Emission{
			toldTopic,
			wistro.Emit{Topic: "sometimes", Label: "no stock", Conditional: true, Message: wistro.JSONSchema(`{"type": "string"}`)},
		},
		VirtualEmits:      []wistro.Virtual{{Topic: "mail", Label: "by post"}},
		VirtualSubscribes: []wistro.Virtual{{Topic: "phone"}},
		Retry: &wistro.Retry{
			Attempts: 5, FirstDelay: 500 * time.Millisecond, Factor: 1.5, MaxDelay: time.Minute, Terminal: []string{"Declined"},
		},
		OnFailure:    wistro.Emit{Topic: "failed", Message: wistro.Type[told]()},
		Timeout:      90 * time.Second,
		Heartbeat:    10 * time.Second,
		Delay:        2 * time.Minute,
		Concurrency:  4,
		Rate:         &wistro.Rate{Count: 10, Per: time.Minute},
		IncludeFiles: []string{"*.sql"},
	}, event),
	"join": wistro.EventResult(wistro.EventConfig{
		Name: "Join", Subscribes: []string{"a", "b"}, Join: &wistro.Join{QuorumOf: "message.of"}, OnFailure: wistro.Ignore,
	}, func(ctx wistro.Context, in map[string][]told) (int, error) { return len(in), nil }),
	"anything": wistro.Event(wistro.EventConfig{Name: "Anything", Subscribes: []string{"a"}, Join: &wistro.Join{}},
		func(wistro.Context, any) error { return nil }),
	"api": wistro.API(wistro.APIConfig{
		Name: "Ask", Flows: []string{"orders"}, Path: "/ask/{id}", Method: "post", Status: 201, Async: true,
		QueryParams: []wistro.QueryParam{{Name: "dry", Description: "Only pretends"}},
		Responses:   wistro.Responses{404: wistro.Type[string]()},
		Signature:   wistro.GitHubSignature{Secret: "GITHUB_SECRET"},
		Middleware:  []wistro.Middleware{func(next wistro.Next) wistro.Next { return next }},
		OnFailure:   wistro.Fail,
	}, func(wistro.Context, wistro.Request[told]) (wistro.Response[told], error) {
		return wistro.OK(told{}), nil
	}),
	"signed": wistro.API(wistro.APIConfig{
		Name: "Hook", Path: "/hook", Method: "POST", Body: wistro.JSONSchema(`{"type": "object"}`),
		Signature: wistro.HMACSignature{
			Secret: "HOOK", Header: "x-signature", Algorithm: "sha512", Prefix: "v1=", Encoding: "base64",
			TimestampHeader: "x-time", Tolerance: time.Minute, IDHeader: "x-id",
		},
	}, func(wistro.Context, wistro.Request[wistro.None]) (wistro.Response[wistro.None], error) {
		return wistro.Response[wistro.None]{Status: 204}, nil
	}),
	"cron": wistro.Cron(wistro.CronConfig{
		Name: "Nightly", Cron: "0 3 * * *", Emits: []string{"night"},
		Schedule: wistro.Schedule{
			TimeZone: "Europe/Paris", Overlap: wistro.OverlapBufferOne, CatchUp: time.Hour, Jitter: time.Second, Paused: true,
		},
	}, func(wistro.Context) error { return nil }),
	"call": wistro.Call(wistro.CallConfig{Name: "Quote", Timeout: time.Second},
		func(wistro.Context, told) (float64, error) { return 1, nil }),
	"noop": wistro.Noop(wistro.NoopConfig{
		Name: "Approve", Subscribes: []string{"a"}, Subscriptions: []wistro.Subscribe{{Topic: "b"}},
		Emits: []string{"approved"}, Input: wistro.Type[told](), VirtualEmits: []wistro.Virtual{{Topic: "desk"}},
	}),
	"task": wistro.Noop(wistro.NoopConfig{
		Name: "Approve", Subscribes: []string{"a"}, Input: wistro.Type[told](),
		Assignees: []string{"ada"}, Roles: []string{"finance"}, Notify: "task.opened",
		Approval: &wistro.Approval{Needed: 2, Of: 3, Veto: true, Where: `message.id == "yes"`},
		Deadline: &wistro.Deadline{
			After: 48 * time.Hour, Remind: []time.Duration{time.Hour, 24 * time.Hour},
			Reminder: "task.due", Escalation: "task.overdue", Close: true,
		},
		Emissions: []wistro.Emission{
			wistro.Emit{Topic: "approved", Where: `message.outcome == "approved"`},
			wistro.Emit{Topic: "refused", Where: `message.outcome == "refused"`},
		},
		OnFailure: wistro.Ignore,
	}),
	"await": wistro.Noop(wistro.NoopConfig{
		Name: "Wait for the bank", Subscribes: []string{"a"}, Emits: []string{"paid"},
		Await: &wistro.Await{
			Topic: "bank.paid", Where: "message.id == request.id", Timeout: 72 * time.Hour,
		},
		OnFailure: wistro.Emit{Topic: "unpaid", Message: wistro.Type[any]()},
	}),
	"calls": wistro.Noop(wistro.NoopConfig{
		Name: "Check the credit", Subscribes: []string{"a"}, Emits: []string{"checked"},
		Calls: &wistro.CallFlow{Flow: "credit", Timeout: time.Minute, Detached: true},
	}),
}

func TestConfigs(t *testing.T) {
	configs := map[string]any{}
	for name, step := range everyField {
		config, err := step.Config()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		configs[name] = config
	}
	got, err := json.MarshalIndent(configs, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join("testdata", "configs.json")
	if os.Getenv("WISTRO_WRITE_GOLDEN") != "" {
		if err := os.WriteFile(place, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(place)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestKinds(t *testing.T) {
	for name, kind := range map[string]wistro.Kind{
		"event": wistro.KindEvent, "api": wistro.KindAPI, "cron": wistro.KindCron, "call": wistro.KindCall, "noop": wistro.KindNoop,
	} {
		step := everyField[name]
		if step.Kind() != kind || step.HasHandler() != (kind != wistro.KindNoop) {
			t.Errorf("%s is a %s, with a handler: %v", name, step.Kind(), step.HasHandler())
		}
	}
}

func TestProblems(t *testing.T) {
	cases := map[string]struct {
		step *wistro.Step
		want []string
	}{
		"no handlers": {wistro.Event[string](wistro.EventConfig{}, nil), []string{"the handler is nil, expected a function"}},
		"no request handler": {
			wistro.API[string, string](wistro.APIConfig{}, nil), []string{"the handler is nil, expected a function"},
		},
		"types": {
			wistro.Call(wistro.CallConfig{
				OnFailure: wistro.Emit{Topic: "failed", Message: wistro.Type[chan int]()},
				Emissions: []wistro.Emission{wistro.Message[func()]("odd")},
			}, func(ctx wistro.Context, in struct{ F func() }) (complex128, error) { return 0, nil }),
			[]string{
				"the input: `struct { F func() }.F` is a `func()`, which JSON cannot carry",
				"the output: JSON cannot carry a `complex128`",
				"the message of `odd`: JSON cannot carry a `func()`",
				"the message of `failed`: JSON cannot carry a `chan int`",
			},
		},
		"schema": {
			wistro.Noop(wistro.NoopConfig{Input: wistro.JSONSchema("[]")}),
			[]string{"the input: expected a JSON Schema, found text that is no JSON object"},
		},
		"emission": {
			wistro.Noop(wistro.NoopConfig{Emissions: []wistro.Emission{nil}}), []string{"an emission is nil"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := test.step.Config()
			if err == nil {
				t.Fatal("expected an error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("the card is declined")
	if wistro.Terminal(nil) != nil || wistro.Retryable(nil, time.Second) != nil {
		t.Error("no error stays none")
	}
	var terminal *wistro.TerminalError
	if err := wistro.Terminal(cause); !errors.As(err, &terminal) || !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("got %v", err)
	}
	var retryable *wistro.RetryableError
	err := wistro.Retryable(cause, time.Minute)
	if !errors.As(err, &retryable) || !errors.Is(err, cause) || retryable.After != time.Minute {
		t.Errorf("got %v", err)
	}
	hinted := &wistro.TerminalError{Err: cause, Hint: "ask for another"}
	if got := hinted.Error(); got != "the card is declined\nhint: ask for another" {
		t.Errorf("got %s", got)
	}
	if got := (&wistro.RetryableError{Code: "away"}).Error(); got != "away" {
		t.Errorf("got %s", got)
	}
}

// A Topic is used wherever an Emit is, and knows its type.
func TestTopic(t *testing.T) {
	if toldTopic.Name() != "warehouse.told" {
		t.Errorf("got %s", toldTopic.Name())
	}
	if got := reflect.TypeOf(toldTopic); got != reflect.TypeFor[wistro.Topic[told]]() {
		t.Errorf("got %v", got)
	}
}
