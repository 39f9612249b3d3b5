package worker

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/golden"
)

// TestCases does what the handlers of workers/contract/cases do, and compares what becomes of it.
func TestCases(t *testing.T) {
	defaults := golden.Read[map[string]json.RawMessage](t, "case_defaults.json")
	paths, err := filepath.Glob(filepath.Join(golden.Folder(), "cases", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		for _, c := range golden.Read[struct{ Cases []contractCase }](t, "cases", name).Cases {
			if c.Only != nil && !slices.Contains(c.Only, "go") {
				continue
			}
			t.Run(strings.TrimSuffix(name, ".json")+"/"+c.Name, func(t *testing.T) {
				c.check(t, c.run(t, defaults))
			})
		}
	}
}

type contractCase struct {
	Name        string
	Only        []string
	Needs       string
	Motia       bool
	Step        map[string]any
	Invocation  map[string]any
	Answers     map[string]map[string]json.RawMessage
	Environment map[string]string
	Handler     []action
	Afterwards  []action

	Result          map[string]json.RawMessage
	Error           *expectedError
	AfterwardsError *expectedError `json:"afterwards_error"`
	Logs            []expectedLog
}

type action map[string]any

type expectedError struct {
	Code, Message, Type string
	Retryable           *bool
	RetryAfter          json.RawMessage `json:"retry_after"`
	Details             map[string]json.RawMessage
	DetailsHas          []string `json:"details_has"`
	Issues              []string
	MessageHas          []string `json:"message_has"`
	MessageLimit        int      `json:"message_limit"`
	Never               []string
}

type expectedLog struct {
	Level      string
	Message    *string
	Fields     json.RawMessage
	MessageHas []string `json:"message_has"`
	FieldNames []string `json:"field_names"`
}

// ended is what became of a case.
type ended struct {
	result     contract.StepResult
	failure    *contract.ErrorInfo
	afterwards *contract.ErrorInfo
	logs       []Entry
}

func (c contractCase) run(t *testing.T, defaults map[string]json.RawMessage) ended {
	t.Helper()
	described := over[ManifestStep](t, defaults["step"], c.Step)
	mask, found := &Mask{}, ended{}
	note := func(entry Entry) {
		if entry.Kind == "log" {
			found.logs = append(found.logs, entry)
		}
	}
	journal := NewDeliveryJournal(note, mask, slog.New(slog.DiscardHandler))
	lookup := func(name string) (string, bool) {
		value, known := c.Environment[name]
		return value, known
	}
	var kept *doing
	handler := func(ctx wistro.Context, input any, request *wistro.RawRequest) (any, error) {
		kept = &doing{ctx: ctx, input: input, request: request, variables: map[string]map[string]any{}}
		return kept.all(c.Handler)
	}
	manifest := &Manifest{
		Root: t.TempDir(), Motia: c.Motia, Steps: map[string]ManifestStep{"it": described}, Answers: c.Answers,
	}
	steps := []wistro.Registered{{Path: "steps/it.step.go", Step: stepOf(described.Kind, handler)}}
	services := Services{Secrets: environmentSecrets{mask: mask, lookup: lookup}, Journal: journal}
	deliveries := NewDeliveries(NewExecutor(manifest, steps, services, DefaultPatience), journal, mask, &Tracing{})

	var err error
	text := raw(t, over[map[string]json.RawMessage](t, defaults["invocation"], c.Invocation))
	invocation, err := readInvocation(text)
	if err == nil {
		attempt := Attempt{Number: invocation.Attempt + 1, Heartbeat: func(json.RawMessage) {}}
		found.result, err = deliveries.Attempt(t.Context(), &invocation, attempt)
	}
	if err == nil && c.Needs == "limit" {
		err = checkSize("it", found.result, raw(t, found.result), 1_900_000)
	}
	found.failure = infoOf(err)
	if c.Afterwards != nil {
		_, err := kept.all(c.Afterwards)
		found.afterwards = infoOf(err)
	}
	return found
}

func stepOf(kind string, handle func(wistro.Context, any, *wistro.RawRequest) (any, error)) *wistro.Step {
	switch kind {
	case "api":
		return wistro.API(wistro.APIConfig{Name: "It"}, func(ctx wistro.Context, in wistro.Request[any]) (wistro.Response[any], error) {
			returned, err := handle(ctx, in.Body, in.RawRequest)
			return response(returned), err
		})
	case "cron":
		return wistro.CronResult(wistro.CronConfig{Name: "It"}, func(ctx wistro.Context) (any, error) {
			return handle(ctx, nil, nil)
		})
	case "call":
		return wistro.Call(wistro.CallConfig{Name: "It"}, func(ctx wistro.Context, in any) (any, error) {
			return handle(ctx, in, nil)
		})
	default:
		return wistro.EventResult(wistro.EventConfig{Name: "It"}, func(ctx wistro.Context, in any) (any, error) {
			return handle(ctx, in, nil)
		})
	}
}

// response is the form that Go has for what an api step of a case returns.
func response(returned any) wistro.Response[any] {
	if returned == nil {
		return wistro.Response[any]{Status: http.StatusNoContent}
	}
	given, _ := returned.(map[string]any)
	status, ok := given["status"].(float64)
	if !ok {
		return wistro.OK(returned)
	}
	headers := map[string]string{}
	if table, ok := given["headers"].(map[string]any); ok {
		for name, value := range table {
			headers[name] = fmt.Sprint(value)
		}
	}
	return wistro.Response[any]{Status: int(status), Header: headers, Body: given["body"]}
}

// doing is a handler at work.
type doing struct {
	ctx       wistro.Context
	input     any
	request   *wistro.RawRequest
	variables map[string]map[string]any
	returned  any
}

func (d *doing) all(actions []action) (any, error) {
	for _, one := range actions {
		if err := d.do(one); err != nil {
			return nil, err
		}
	}
	return d.returned, nil
}

func (d *doing) do(a action) error {
	text := func(name string) string {
		value, _ := d.value(a[name]).(string)
		return value
	}
	switch {
	case has(a, "emit"):
		return d.ctx.Emit(text("emit"), d.value(a["data"]))
	case has(a, "respond"):
		return d.ctx.Respond(d.value(a["respond"]))
	case has(a, "heartbeat"):
		return d.ctx.Heartbeat(d.value(a["heartbeat"]))
	case has(a, "secret"):
		_, err := d.ctx.Secrets().Get(text("secret"))
		return err
	case has(a, "return"):
		d.returned = d.value(a["return"])
	case has(a, "let"):
		d.variables[text("let")], _ = d.value(a["be"]).(map[string]any)
	case has(a, "change"):
		d.variables[text("change")][text("member")] = d.value(a["to"])
	case has(a, "log"):
		var level slog.Level
		_ = level.UnmarshalText([]byte(text("log")))
		fields, _ := d.value(a["fields"]).(map[string]any)
		var args []any
		for name, value := range fields {
			args = append(args, name, value)
		}
		d.ctx.Logger().Log(d.ctx, level, text("message"), args...)
	case has(a, "raise"):
		return d.raised(a, text)
	}
	return nil
}

type (
	// CardDeclined and the others are the classes of errors that cases know.
	CardDeclined struct{ plainError }
	PaymentError struct{ plainError }
	ProviderAway struct{ plainError }

	plainError struct {
		text string
		base error
	}
)

func (e plainError) Error() string { return e.text }
func (e plainError) Unwrap() error { return e.base }

func (d *doing) raised(a action, text func(string) string) error {
	err := errors.New(text("message"))
	details, _ := d.value(a["details"]).(map[string]any)
	after, _ := a["retry_after"].(float64)
	switch text("raise") {
	case "terminal":
		return &wistro.TerminalError{Err: err, Code: text("code"), Hint: text("hint"), Details: details}
	case "retryable":
		wait := time.Duration(after * float64(time.Second))
		return &wistro.RetryableError{Err: err, After: wait, Code: text("code"), Hint: text("hint"), Details: details}
	case "class":
		inner := plainError{text: err.Error()}
		if text("base") == "PaymentError" {
			inner.base = &PaymentError{plainError{text: err.Error()}}
		}
		if text("class") == "CardDeclined" {
			return &CardDeclined{inner}
		}
		return &ProviderAway{inner}
	default:
		return err
	}
}

// value is a JSON value in which an object with a member `$` stands for something else.
func (d *doing) value(given any) any {
	switch given := given.(type) {
	case []any:
		items := make([]any, len(given))
		for i, item := range given {
			items[i] = d.value(item)
		}
		return items
	case map[string]any:
		if what, special := given["$"]; special {
			return d.special(what, given)
		}
		members := make(map[string]any, len(given))
		for name, item := range given {
			members[name] = d.value(item)
		}
		return members
	default:
		return given
	}
}

func (d *doing) special(what any, given map[string]any) any {
	number := func(name string) int {
		found, _ := given[name].(float64)
		return int(found)
	}
	switch what {
	case "input":
		return d.input
	case "request":
		query := map[string]any{}
		for name, found := range d.request.Query {
			if query[name] = found; len(found) == 1 {
				query[name] = found[0]
			}
		}
		headers := map[string]string{}
		for name := range d.request.Header {
			headers[strings.ToLower(name)] = d.request.Header.Get(name)
		}
		return map[string]any{
			"path_params": d.request.PathParams, "query_params": query, "headers": headers,
			"body": d.request.Body, "raw_body": string(d.request.RawBody),
		}
	case "context":
		return map[string]any{
			"run_id": d.ctx.RunID(), "trace_id": d.ctx.TraceID(), "step": d.ctx.Step(), "flow": d.ctx.Flow(),
			"flows": d.ctx.Flows(), "attempt": d.ctx.Attempt(), "delivery_id": d.ctx.DeliveryID(),
			"idempotency_key": d.ctx.IdempotencyKey(), "client_context": d.ctx.ClientContext(),
			"topic": d.ctx.Topic(), "trigger": d.ctx.Trigger().Kind,
		}
	case "variable":
		name, _ := given["name"].(string)
		return d.variables[name]
	case "text":
		of, _ := given["of"].(string)
		return strings.Repeat(of, number("times"))
	case "nested":
		var nested any = 1
		for range number("levels") {
			nested = []any{nested}
		}
		return nested
	case "bytes":
		text, _ := given["base64"].(string)
		content, _ := base64.StdEncoding.DecodeString(text)
		return content
	case "cycle":
		cycle := map[string]any{}
		cycle["again"] = cycle
		return cycle
	case "nan":
		return math.NaN()
	default:
		return make(chan int)
	}
}

func (c contractCase) check(t *testing.T, found ended) {
	t.Helper()
	if c.Error != nil {
		c.Error.check(t, found.failure)
	} else if found.failure != nil {
		t.Fatalf("failed: %s", raw(t, found.failure))
	}
	result := decode[map[string]json.RawMessage](t, raw(t, found.result))
	for name, expected := range c.Result {
		wanted := raw(t, (&doing{}).value(decode[any](t, expected)))
		if !golden.Same(result[name], wanted) {
			t.Errorf("`%s`: expected %s, found %s", name, wanted, result[name])
		}
	}
	if c.AfterwardsError != nil {
		c.AfterwardsError.check(t, found.afterwards)
	} else if found.afterwards != nil {
		t.Errorf("afterwards: %s", raw(t, found.afterwards))
	}
	if c.Logs == nil {
		return
	}
	if len(c.Logs) != len(found.logs) {
		t.Fatalf("expected %d lines, found %+v", len(c.Logs), found.logs)
	}
	for i, expected := range c.Logs {
		expected.check(t, found.logs[i])
	}
}

func (e *expectedError) check(t *testing.T, found *contract.ErrorInfo) {
	t.Helper()
	if found == nil {
		t.Fatalf("expected `%s`, found no error", e.Code)
	}
	text := string(raw(t, found))
	expect := func(holds bool, what string, wanted any) {
		t.Helper()
		if !holds {
			t.Errorf("%s: expected %v, found %.2000s", what, wanted, text)
		}
	}
	expect(found.Code == e.Code, "code", e.Code)
	expect(e.Message == "" || found.Message == e.Message, "message", e.Message)
	expect(e.Type == "" || value(found.Type) == e.Type, "type", e.Type)
	expect(e.Retryable == nil || found.Retryable == *e.Retryable, "retryable", e.Retryable)
	expect(e.RetryAfter == nil || golden.Same(raw(t, found.RetryAfter), e.RetryAfter), "retry_after", string(e.RetryAfter))
	expect(e.MessageLimit == 0 || len([]rune(found.Message)) <= e.MessageLimit, "length", e.MessageLimit)
	var details map[string]json.RawMessage
	_ = json.Unmarshal(found.Details, &details)
	for name, wanted := range e.Details {
		expect(golden.Same(details[name], wanted), name, string(wanted))
	}
	for _, name := range e.DetailsHas {
		expect(details[name] != nil, "details", name)
	}
	for _, part := range e.MessageHas {
		expect(strings.Contains(found.Message, part), "message", part)
	}
	for _, secret := range e.Never {
		expect(!strings.Contains(text, secret), "never", secret)
	}
	if e.Issues != nil {
		var fields []string
		for _, issue := range decode[[]contract.Issue](t, details["issues"]) {
			fields = append(fields, issue.Field)
		}
		slices.Sort(fields)
		expect(slices.Equal(fields, slices.Sorted(slices.Values(e.Issues))), "issues", e.Issues)
	}
}

func (e expectedLog) check(t *testing.T, found Entry) {
	t.Helper()
	text := string(raw(t, found))
	if found.Level != e.Level || (e.Message != nil && found.Message != *e.Message) {
		t.Errorf("expected %+v, found %s", e, text)
	}
	if e.Fields != nil && !golden.Same(found.Fields, e.Fields) {
		t.Errorf("expected the fields %s, found %s", e.Fields, text)
	}
	for _, part := range e.MessageHas {
		if !strings.Contains(found.Message, part) {
			t.Errorf("expected %s in %s", part, text)
		}
	}
	if e.FieldNames != nil {
		names := slices.Sorted(maps.Keys(decode[map[string]any](t, found.Fields)))
		if !slices.Equal(names, e.FieldNames) {
			t.Errorf("expected the fields %v, found %s", e.FieldNames, text)
		}
	}
}

func infoOf(err error) *contract.ErrorInfo {
	var failed *FailedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return &failed.Info
	default:
		info := describe(err, nil)
		return &info
	}
}

// over is a JSON object with some members replaced.
func over[T any](t *testing.T, defaults json.RawMessage, members map[string]any) T {
	t.Helper()
	merged := decode[map[string]any](t, defaults)
	maps.Copy(merged, members)
	return decode[T](t, raw(t, merged))
}

func raw(t *testing.T, value any) json.RawMessage {
	t.Helper()
	text, err := contract.Write(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode[T any](t *testing.T, text json.RawMessage) T {
	t.Helper()
	var found T
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return found
}

func has(a action, name string) bool {
	_, found := a[name]
	return found
}
