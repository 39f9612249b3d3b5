package wistro_test

import (
	"errors"
	"net/http"
	"time"

	"wistro.dev/go"
)

type Shipped struct {
	OrderID string `json:"order_id"`
	Weight  int    `json:"weight" doc:"Grams" minimum:"1"`
	Note    string `json:"note,omitempty"`
}

type Told struct {
	OrderID string `json:"order_id"`
}

// A step that messages are delivered to.
func ExampleEvent() {
	_ = wistro.Event(wistro.EventConfig{
		Name:       "Tell the warehouse",
		Flows:      []string{"orders"},
		Subscribes: []string{"order.shipped"},
		Emits:      []string{"warehouse.told"},
		Retry:      &wistro.Retry{Attempts: 5, FirstDelay: 2 * time.Second},
		Timeout:    time.Minute,
	}, func(ctx wistro.Context, in Shipped) error {
		ctx.Logger().Info("Told the warehouse", "order", in.OrderID)
		return ctx.Emit("warehouse.told", Told{OrderID: in.OrderID})
	})
}

// A topic that is declared with the type of its messages: emitting another type does not compile.
func ExampleMessage() {
	told := wistro.Message[Told]("warehouse.told")
	_ = wistro.Event(wistro.EventConfig{
		Name:       "Tell the warehouse",
		Subscribes: []string{"order.shipped"},
		Emissions:  []wistro.Emission{told},
	}, func(ctx wistro.Context, in Shipped) error {
		return told.Emit(ctx, Told{OrderID: in.OrderID})
	})
}

// A step that an HTTP request triggers.
func ExampleAPI() {
	type Problem struct {
		Reason string `json:"reason"`
	}
	_ = wistro.API(wistro.APIConfig{
		Name:      "Ask where a parcel is",
		Path:      "/orders/{id}/parcel",
		Method:    http.MethodGet,
		Responses: wistro.Responses{http.StatusNotFound: wistro.Type[Problem]()},
	}, func(ctx wistro.Context, request wistro.Request[wistro.None]) (wistro.Response[Shipped], error) {
		parcel, found, err := wistro.Get[Shipped](ctx.State(), "parcels", request.PathParams["id"])
		if err != nil {
			return wistro.Response[Shipped]{}, err
		}
		if !found {
			return wistro.Answer[Shipped](http.StatusNotFound, Problem{Reason: "it was not shipped yet"}), nil
		}
		return wistro.OK(parcel), nil
	})
}

// Middleware stands around the handler.
func ExampleMiddleware() {
	var signedIn wistro.Middleware = func(next wistro.Next) wistro.Next {
		return func(ctx wistro.Context, request *wistro.RawRequest) (*wistro.RawResponse, error) {
			if request.Header.Get("Authorization") == "" {
				return &wistro.RawResponse{Status: http.StatusUnauthorized}, nil
			}
			return next(ctx, request)
		}
	}
	_ = wistro.APIConfig{Middleware: []wistro.Middleware{signedIn}}
}

// A step that the clock triggers.
func ExampleCron() {
	_ = wistro.Cron(wistro.CronConfig{
		Name:     "Count the parcels at night",
		Cron:     "0 3 * * *",
		Schedule: wistro.Schedule{TimeZone: "Europe/Paris"},
	}, func(ctx wistro.Context) error {
		parcels, err := wistro.List[Shipped](ctx.State(), "parcels")
		if err != nil {
			return err
		}
		ctx.Logger().Info("Counted the parcels", "parcels", len(parcels))
		return nil
	})
}

// A flow that can be called, and a handler that calls another one. `errors.As` finds out why there was no
// answer; a handler that does not ask fails with it.
func ExampleFlow_Call() {
	type Score struct {
		Points int `json:"points"`
	}
	credit := wistro.Callable[Shipped, Score]("credit")
	_ = wistro.Call(wistro.CallConfig{
		Name: "Insure a parcel",
	}, func(ctx wistro.Context, in Shipped) (bool, error) {
		score, err := credit.Call(ctx, in, wistro.CallTimeout(time.Hour))
		var failed *wistro.CallFailedError
		if errors.As(err, &failed) && failed.Code == "unknown_customer" {
			return false, nil
		}
		return score.Points > 500, err
	})
}

// A step that people answer: the run waits, and a form is in their inbox.
func ExampleNoop() {
	type Decision struct {
		Approved bool   `json:"approved"`
		Reason   string `json:"reason,omitempty"`
	}
	_ = wistro.Noop(wistro.NoopConfig{
		Name:       "Somebody approves the order",
		Subscribes: []string{"order.large"},
		Input:      wistro.Type[Decision](),
		Roles:      []string{"finance"},
		Approval:   &wistro.Approval{Needed: 2, Veto: true},
		Deadline:   &wistro.Deadline{After: 48 * time.Hour, Escalation: "approval.overdue"},
		Emissions: []wistro.Emission{
			wistro.Emit{Topic: "order.approved", Where: `message.outcome == "approved"`},
			wistro.Emit{Topic: "order.refused", Where: `message.outcome == "refused"`},
		},
	})
}

// A step that waits for a message from outside.
func ExampleAwait() {
	_ = wistro.Noop(wistro.NoopConfig{
		Name:       "The bank has the money",
		Subscribes: []string{"order.placed"},
		Emits:      []string{"order.paid"},
		Await: &wistro.Await{
			Topic: "bank.transfer", Where: "message.reference == request.order_id", Timeout: 72 * time.Hour,
		},
		OnFailure: wistro.Emit{Topic: "order.unpaid"},
	})
}

// A step that calls a flow, whose answer arrives as a message. No worker waits for it.
func ExampleCallFlow() {
	_ = wistro.Noop(wistro.NoopConfig{
		Name:       "Judge the risk",
		Subscribes: []string{"order.placed"},
		Emits:      []string{"risk.judged"},
		Calls:      &wistro.CallFlow{Flow: "risks", Timeout: time.Hour},
	})
}

// An error that trying again cannot help, and one that passes.
func ExampleTerminal() {
	errDeclined := errors.New("the card is declined")
	_ = func(declined bool) error {
		if declined {
			return wistro.Terminal(errDeclined)
		}
		return wistro.Retryable(errors.New("the provider is away"), 30*time.Second)
	}
}
