package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/codec"
	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/schema"
)

const (
	workerAPI     = "/_wistro/worker/v1"
	apiTimeout    = 10 * time.Second
	apiPatience   = 20 * time.Second
	apiFirstPause = 50 * time.Millisecond
	apiLongest    = time.Second

	// A token is used for a minute at most, so it need not live longer than that and a request.
	tokenLife = 5 * time.Minute
	maxTokens = 4096
)

// API is the worker API of the triggers: state, streams and the journal of a project.
type API struct {
	url    string
	keys   codec.Keys
	client *http.Client
	log    *slog.Logger

	mu     sync.Mutex
	tokens map[tokenOf]string
}

type tokenOf struct {
	flow, run string
	minute    int64
}

// NewAPI reaches the triggers at an address such as `http://127.0.0.1:3000`; "" reaches nothing.
func NewAPI(url string, keys codec.Keys, log *slog.Logger) *API {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	return &API{
		url: strings.TrimRight(url, "/"), keys: keys, log: log,
		client: &http.Client{Transport: transport},
		tokens: map[tokenOf]string{},
	}
}

// token is the token of a run; a long step can outlive a single one.
func (a *API) token(flow, run string) (string, error) {
	of := tokenOf{flow: flow, run: run, minute: time.Now().Unix() / 60}
	a.mu.Lock()
	defer a.mu.Unlock()
	if token, found := a.tokens[of]; found {
		return token, nil
	}
	token, err := codec.MintRunToken(a.keys, flow, run, time.Unix(of.minute*60, 0).Add(tokenLife))
	if err != nil {
		return "", err
	}
	if len(a.tokens) >= maxTokens {
		clear(a.tokens)
	}
	a.tokens[of] = token
	return token, nil
}

// call is one operation of the API.
type call struct {
	path  string
	body  any
	token func() (string, error)
	// repeatable says that doing it twice does no harm.
	repeatable bool
	// patience is how long to go on trying, with growing pauses, while the API is away.
	patience time.Duration
	// wait is how long the API was asked to wait before it answers.
	wait time.Duration
}

// do makes a call and reads its answer. While the API is away it is tried again; one that would do harm if
// done twice only as long as it certainly was not done.
func (a *API) do(ctx context.Context, c call, into any) error {
	if a.url == "" {
		return &wistro.TerminalError{
			Code: "store_unavailable",
			Err:  errors.New("this worker does not know where the worker API is"),
			Hint: "set WISTRO_API to the address of the triggers",
		}
	}
	body, err := contract.Write(c.body)
	if err != nil {
		return &wistro.TerminalError{
			Code: "value_not_json", Err: fmt.Errorf("`%s` was given what is not JSON: %w", c.path, err),
			Hint: "store values that `encoding/json` can write",
		}
	}
	deadline, pause := time.Now().Add(c.wait+c.patience), apiFirstPause
	for {
		err := a.attempt(ctx, c, body, into)
		var gone *awayError
		if !errors.As(err, &gone) {
			return err
		}
		if !c.repeatable && !gone.harmless {
			return &wistro.RetryableError{
				Code: "store_outcome_unknown", Err: fmt.Errorf("`%s` may or may not have been done: %w", c.path, gone.err),
				Hint: "read the entry before doing it again; `Set` and `Delete` are repeated by themselves",
			}
		}
		// Jitter: workers that lost the API together must not come back together.
		wait := time.Duration(float64(pause) * (0.5 + rand.Float64()/2))
		if ctx.Err() != nil || time.Now().Add(wait).After(deadline) {
			return errors.Join(ctx.Err(), gone.err)
		}
		a.log.Warn("trying again", "path", c.path, "error", gone.err.Error())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		pause = min(2*pause, apiLongest)
	}
}

// awayError is no answer that counts; harmless: and nothing was done either.
type awayError struct {
	err      error
	harmless bool
}

func (e *awayError) Error() string { return e.err.Error() }

func (a *API) attempt(ctx context.Context, c call, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, c.wait+apiTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+workerAPI+"/"+c.path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != nil {
		token, err := c.token()
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return &awayError{err: a.unreachable(err), harmless: notSent(err)}
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return &awayError{err: a.unreachable(err)}
	}
	if answer.StatusCode < 300 {
		return json.Unmarshal(content, into)
	}
	refusal := a.refusal(answer.StatusCode, content)
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		// The server, or what stands before it, says that it has done nothing.
		return &awayError{err: refusal, harmless: true}
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return &awayError{err: refusal}
	default:
		return refusal
	}
}

// notSent tells that a request has not left this process.
func notSent(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial"
}

func (a *API) unreachable(cause error) error {
	return &wistro.RetryableError{
		Code: "store_unavailable",
		Err:  fmt.Errorf("the worker API at `%s` does not answer: %w", a.url, cause),
		Hint: "is `wistro dev`, or `wistro start` with triggers, running at this address?",
	}
}

// refusal is the error that the API answered with.
func (a *API) refusal(status int, content []byte) error {
	var answer struct {
		Error struct {
			Code, Message string
			Details       any
		}
	}
	if err := json.Unmarshal(content, &answer); err != nil || answer.Error.Code == "" {
		answer.Error.Code = "store_error"
		answer.Error.Message = fmt.Sprintf("The worker API at `%s` was expected to answer; found HTTP %d", a.url, status)
	}
	text, hint, _ := strings.Cut(answer.Error.Message, " hint: ")
	code, err := answer.Error.Code, errors.New(strings.TrimSuffix(text, "."))
	if status >= 500 || status == http.StatusConflict || status == http.StatusTooManyRequests || code == string(codec.TokenExpired) {
		return &wistro.RetryableError{Code: code, Err: err, Hint: hint}
	}
	failed := &wistro.TerminalError{Code: code, Err: err, Hint: hint}
	if issues, ok := answer.Error.Details.([]any); ok && len(issues) > 0 {
		failed.Details = map[string]any{"issues": issues}
	}
	return failed
}

// calls are the operations of one attempt: with the token of its run, and only until it is over.
type calls struct {
	ctx       context.Context
	api       *API
	check     func(what string) error
	flow, run string
}

func (c calls) do(path string, body any, repeatable bool, into any) error {
	return c.make(call{path: path, body: body, repeatable: repeatable, patience: apiPatience}, into)
}

func (c calls) make(of call, into any) error {
	if err := c.check(of.path); err != nil {
		return err
	}
	of.body = schema.Filled{Value: of.body}
	of.token = func() (string, error) { return c.api.token(c.flow, c.run) }
	return c.api.do(c.ctx, of, into)
}
