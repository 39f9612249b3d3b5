package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/codec"
)

const keyFile = `{"format": "wistro-keys/1", "active": "k1", "masters": [
	{"id": "k1", "created": "2025-01-01T00:00:00Z", "secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}`

// seen is what a server was asked, from whichever goroutine.
type seen struct {
	mu    sync.Mutex
	lines []string
}

func (s *seen) add(line string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
	return len(s.lines)
}

func (s *seen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// served answers the calls of an attempt, one handler after the other, the last one for ever.
func served(t *testing.T, answers ...http.HandlerFunc) (calls, *seen) {
	t.Helper()
	keys, err := codec.ParseKeys([]byte(keyFile), "the test")
	if err != nil {
		t.Fatal(err)
	}
	asked := &seen{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if token != "" {
			if says, err := codec.VerifyRunToken(keys, token, time.Now()); err != nil || says.RunID != "run" {
				t.Errorf("a token of %+v: %v", says, err)
			}
		}
		count := asked.add(strings.TrimPrefix(r.URL.Path, workerAPI) + " " + string(body))
		answers[min(count, len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	open := func(string) error { return nil }
	return calls{ctx: t.Context(), api: NewAPI(server.URL+"/", keys, silent()), check: open, flow: "orders", run: "run"}, asked
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestState(t *testing.T) {
	calls, seen := served(t,
		answer(200, `{"entry": {"group": "g", "key": "k", "value": {"n": 7}, "version": 3, "updated_at": 1.5}}`),
		answer(200, `{"entry": null}`),
		answer(200, `{"items": [{"key": "a", "value": 1}], "next": "a"}`),
		answer(200, `{"items": [{"key": "b", "value": 2}], "next": null}`),
		answer(200, `{"done": true}`),
	)
	state := &state{calls}
	var value struct{ N int }
	if found, err := state.Get("g", "k", &value); !found || err != nil || value.N != 7 {
		t.Fatalf("%v, %v, %v", value, found, err)
	}
	if found, err := state.Get("g", "other", &value); found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	all, err := wistro.List[int](state, "g")
	if err != nil || all["a"] != 1 || all["b"] != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if done, err := state.CompareAndSet("g", "k", nil, value); !done || err != nil {
		t.Fatalf("%v, %v", done, err)
	}
	if last := seen.all()[4]; last != `/state/compare_and_set {"expected":null,"group":"g","key":"k","value":{"N":7}}` {
		t.Error(last)
	}
}

func TestStreams(t *testing.T) {
	calls, seen := served(t,
		answer(200, `{"item": {"data": {"id": "1", "text": "hi"}}}`),
		answer(200, `{"items": [{"data": {"id": "1"}}], "next": null}`),
		answer(200, `{"item": null}`),
		answer(200, `{"seq": 7}`),
		answer(422, `{"error": {"code": "validation_failed", "message": "no hint: mend it", "details": [{"field": "text", "message": "missing"}]}}`),
	)
	stream := &stream{name: "chat", calls: calls}
	var item struct{ Text string }
	if found, err := stream.Get("room", "1", &item); !found || err != nil || item.Text != "hi" {
		t.Fatalf("%v, %v, %v", item, found, err)
	}
	if items, err := stream.List("room"); err != nil || len(items) != 1 {
		t.Fatalf("%s, %v", items, err)
	}
	if deleted, err := stream.Delete("room", "2"); deleted || err != nil {
		t.Fatalf("%v, %v", deleted, err)
	}
	if err := stream.Send(wistro.Channel{Group: "room"}, wistro.StreamEvent{Type: "typing", Data: "ada"}); err != nil {
		t.Fatal(err)
	}
	var refused *wistro.TerminalError
	err := stream.Set("room", "3", map[string]any{})
	if !errors.As(err, &refused) || refused.Code != "validation_failed" || refused.Hint != "mend it" || refused.Details["issues"] == nil {
		t.Fatalf("%v", err)
	}
	if sent := seen.all()[3]; sent != `/streams/send {"data":"ada","group":"room","stream":"chat","type":"typing"}` {
		t.Error(sent)
	}
}

func TestCallsAreRepeatedOnlyWhereThatDoesNoHarm(t *testing.T) {
	busy, fine := answer(503, ""), answer(200, `{"value": 1, "entry": null}`)
	conflict := answer(409, `{"error": {"code": "state_conflict", "message": "somebody else wrote it"}}`)
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		code    string
		seen    int
	}{
		"busy":                     {[]http.HandlerFunc{busy, busy, fine}, "", 3},
		"lost":                     {[]http.HandlerFunc{hangUp, fine}, "store_outcome_unknown", 1},
		"a gateway without answer": {[]http.HandlerFunc{answer(504, "")}, "store_outcome_unknown", 1},
		"a conflict":               {[]http.HandlerFunc{conflict}, "state_conflict", 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls, seen := served(t, c.answers...)
			_, err := (&state{calls}).Increment("g", "k", 1)
			var later *wistro.RetryableError
			errors.As(err, &later)
			if (c.code == "") != (err == nil) || (later != nil && later.Code != c.code) || len(seen.all()) != c.seen {
				t.Fatalf("%v after %v", err, seen.all())
			}
		})
	}
	calls, seen := served(t, hangUp, fine)
	if err := (&state{calls}).Set("g", "k", 1); err != nil || len(seen.all()) != 2 {
		t.Fatalf("a plain `set` is repeated: %v, %v", err, seen.all())
	}
}

func TestAHandlerThatIsStoppedDoesNotWaitForTheAPI(t *testing.T) {
	calls, _ := served(t, answer(503, ""))
	ctx, cancel := context.WithCancel(t.Context())
	calls.ctx = ctx
	time.AfterFunc(50*time.Millisecond, cancel)
	begun := time.Now()
	_, err := (&state{calls}).Entry("g", "k")
	if !errors.Is(err, context.Canceled) || time.Since(begun) > 5*time.Second {
		t.Fatalf("%v after %v", err, time.Since(begun))
	}
}

func TestWithoutAnAddressThereIsNoState(t *testing.T) {
	calls, _ := served(t, answer(200, `{}`))
	calls.api = NewAPI("", nil, silent())
	var refused *wistro.TerminalError
	if _, err := (&state{calls}).Entry("g", "k"); !errors.As(err, &refused) || refused.Code != "store_unavailable" {
		t.Fatal(err)
	}
}

func TestTheJournalGoesInBatchesByRun(t *testing.T) {
	calls, seen := served(t, answer(200, `{"accepted": 3, "refused": []}`))
	entries := []Entry{
		{Kind: "log", Flow: "orders", RunID: "run"}, {Kind: "log", Flow: "orders", RunID: "other"},
		{Kind: "log", Flow: "orders", RunID: "run"},
	}
	if err := calls.api.AppendJournal(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(seen.all()[0], " ")
	sent := decode[struct{ Batches []batch }](t, json.RawMessage(body))
	if len(sent.Batches) != 2 || len(sent.Batches[0].Entries) != 2 || sent.Batches[0].Token == "" {
		t.Fatalf("%+v", sent)
	}
}
