"""The project that the Go worker's tests serve: a flow from Python through Go, and steps that misbehave."""

from __future__ import annotations

from collections.abc import Mapping

GO_MOD = "module shop\n\ngo 1.24\n"

FILES: Mapping[str, str] = {
    "place.step.py": """
        from wistro import EventStep
        config = EventStep(name="Place an order", flows=["orders"], subscribes=["order.asked"],
                           emits=["order.placed"])
        async def handler(order, ctx):
            await ctx.emit("order.placed", order)
        """,
    "done.step.py": """
        from wistro import EventStep
        config = EventStep(name="Note the payment", flows=["orders"], subscribes=["payment.taken"],
                           emits=[])
        async def handler(payment, ctx):
            return payment
        """,
    "charge.step.go": """
        package steps

        import (
            "crypto/rand"
            "encoding/base64"
            "errors"
            "time"

            "wistro.dev/go"
        )

        type Order struct {
            ID    string  `json:"id"`
            Total float64 `json:"total"`
            Size  int     `json:"size,omitempty"`
        }

        type Payment struct {
            OrderID   string `json:"order_id"`
            Reference string `json:"reference"`
            Count     float64 `json:"count"`
            Receipt   string `json:"receipt,omitempty"`
        }

        var Charge = wistro.EventResult(wistro.EventConfig{
            Name: "Charge the card", Flows: []string{"orders"},
            Subscribes: []string{"order.placed"},
            Emissions:  []wistro.Emission{wistro.Emit{Topic: "payment.taken", Message: wistro.Type[Payment]()}},
            Retry:      &wistro.Retry{Attempts: 3, FirstDelay: 50 * time.Millisecond},
        }, func(ctx wistro.Context, order Order) (map[string]any, error) {
            if ctx.Attempt() == 1 {
                return nil, errors.New("the provider is away")
            }
            ctx.Logger().Info("Charging", "order", order.ID)
            count, err := ctx.State().Increment("charges", order.ID, 1)
            if err != nil {
                return nil, err
            }
            receipt := make([]byte, order.Size) // Of noise, which does not compress.
            rand.Read(receipt)
            payment := Payment{OrderID: order.ID, Reference: ctx.IdempotencyKey(), Count: count,
                Receipt: base64.StdEncoding.EncodeToString(receipt)}
            return map[string]any{"attempt": ctx.Attempt()}, ctx.Emit("payment.taken", payment)
        })
        """,
    "misbehave.step.go": """
        package steps

        import (
            "errors"
            "fmt"
            "time"

            "wistro.dev/go"
        )

        type Odd struct {
            Do string `json:"do"`
        }

        type CardDeclined struct{ Card string }

        func (e CardDeclined) Error() string { return "the card " + e.Card + " was declined" }

        var Misbehave = wistro.EventResult(wistro.EventConfig{
            Name: "Do something odd", Flows: []string{"odd"},
            Subscribes: []string{"odd.asked"},
            Emissions:  []wistro.Emission{wistro.Emit{Topic: "odd.done", Message: wistro.Type[Order]()}},
            Retry:      &wistro.Retry{Attempts: 2, FirstDelay: time.Millisecond, Terminal: []string{"CardDeclined"}},
            Timeout:    2 * time.Second,
        }, func(ctx wistro.Context, odd Odd) (any, error) {
            switch odd.Do {
            case "error":
                return nil, errors.New("no luck")
            case "terminal name":
                return nil, fmt.Errorf("charge: %w", CardDeclined{Card: "4242"})
            case "panic":
                var orders []Order
                return orders[3], nil
            case "timeout":
                <-ctx.Done()
                return nil, ctx.Err()
            case "undeclared":
                return nil, ctx.Emit("odd.dome", Order{})
            case "misfit":
                return nil, ctx.Emit("odd.done", map[string]any{"id": 7})
            case "unserialisable":
                return make(chan int), nil
            case "secret":
                secret, err := ctx.Secrets().Get("API_KEY")
                if err != nil {
                    return nil, err
                }
                return nil, wistro.Terminal(errors.New("401 for " + secret))
            }
            return nil, nil
        })
        """,
    "wait.step.go": """
        package steps

        import (
            "context"
            "time"

            "wistro.dev/go"
        )

        var Wait = wistro.EventResult(wistro.EventConfig{
            Name: "Wait to be cancelled", Flows: []string{"waiting"},
            Subscribes: []string{"wait.asked"}, Heartbeat: 4 * time.Second,
        }, func(ctx wistro.Context, _ any) (any, error) {
            if err := ctx.Heartbeat(map[string]int{"done": 1}); err != nil {
                return nil, err
            }
            <-ctx.Done()
            // The context is done, and what tells about it still gets out.
            ctx.Logger().Warn("stopping: " + context.Cause(ctx).Error())
            return nil, ctx.Err()
        })
        """,
    "slow.step.go": """
        package steps

        import (
            "time"

            "wistro.dev/go"
        )

        var Slow = wistro.EventResult(wistro.EventConfig{
            Name: "Take a while", Flows: []string{"slow"},
            Subscribes: []string{"slow.asked"}, Heartbeat: 2 * time.Second,
            Retry: &wistro.Retry{Attempts: 10, FirstDelay: 10 * time.Millisecond},
        }, func(ctx wistro.Context, _ any) (any, error) {
            started, err := ctx.State().Increment("slow", ctx.RunID(), 1)
            if err != nil {
                return nil, err
            }
            if started == 1 {
                <-ctx.Done() // Until the worker is killed, or stops.
                return nil, ctx.Err()
            }
            return started, nil
        })
        """,
    "price.step.py": """
        import asyncio
        from wistro import CallStep, Terminal
        config = CallStep(name="Price a parcel", flows=["prices"])
        async def handler(parcel, ctx):
            await ctx.state.increment("prices", ctx.trigger.parent.run_id, 1)
            if parcel["weight"] > 30:
                raise Terminal("it is too heavy", code="too_heavy", details={"status": 422})
            await asyncio.sleep(parcel.get("seconds", 0))
            return {"price": parcel["weight"] * 1.5, "depth": ctx.trigger.depth, "for": ctx.client_context}
        """,
    "quote.step.go": """
        package steps

        import (
            "errors"
            "time"

            "wistro.dev/go"
        )

        type Parcel struct {
            Weight  float64 `json:"weight"`
            Seconds float64 `json:"seconds,omitempty"`
        }

        type Quote struct {
            Price float64 `json:"price"`
            Depth int     `json:"depth"`
            For   string  `json:"for"`
        }

        var prices = wistro.Callable[Parcel, Quote]("prices")

        var QuoteParcel = wistro.Call(wistro.CallConfig{
            Name: "Quote a parcel", Flows: []string{"quotes"}, Heartbeat: 2 * time.Second,
            Retry: &wistro.Retry{Attempts: 10, FirstDelay: 10 * time.Millisecond},
        }, func(ctx wistro.Context, in Parcel) (Quote, error) {
            quote, err := prices.Call(ctx, in, wistro.CallContext("Ada"))
            var failed *wistro.CallFailedError
            if errors.As(err, &failed) && in.Weight > 100 {
                ctx.Logger().Warn("no price", "status", failed.Status, "code", failed.Code)
                return Quote{For: "nobody"}, nil
            }
            return quote, err
        })
        """,
    "misquote.step.go": """
        package steps

        import "wistro.dev/go"

        var Misquote = wistro.Event(wistro.EventConfig{
            Name: "Answer what nobody asked", Flows: []string{"misquotes"},
            Subscribes: []string{"misquote.asked"}, Responds: wistro.RespondsAlways,
        }, func(ctx wistro.Context, _ any) error {
            return ctx.Respond(map[string]any{"price": "a lot"})
        })
        """,
    "ask_misquote.step.py": """
        from wistro import CallStep
        config = CallStep(name="Ask for a wrong quote", flows=["misquotes"], emits=["misquote.asked"])
        async def handler(order, ctx):
            await ctx.emit("misquote.asked", order)
        """,
    "wistro.yml": (
        "flows:\n"
        + "".join(
            f"  {flow}: {{}}\n" for flow in ("orders", "odd", "waiting", "slow", "prices", "quotes")
        )
        + "  misquotes: { callable: { output:"
        " { type: object, properties: { price: { type: number } } } } }\n"
        "topics:\n"
        + "".join(
            f"  {topic}: {{ external: true }}\n"
            for topic in ("order.asked", "odd.asked", "wait.asked", "slow.asked")
        )
        + "storage: { threshold: 20000 }\n"
    ),
}
