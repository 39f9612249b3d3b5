// Package wistro is how steps are written in Go.
//
// A step is one file, `*.step.go` below `src/` or `steps/`, with one exported variable: a config and a
// handler.
//
//	// steps/tell_warehouse.step.go
//	package steps
//
//	var TellWarehouse = wistro.Event(wistro.EventConfig{
//		Name:       "Tell the warehouse",
//		Flows:      []string{"orders"},
//		Subscribes: []string{"order.shipped"},
//		Emits:      []string{"warehouse.told"},
//	}, func(ctx wistro.Context, in Shipped) error {
//		return ctx.Emit("warehouse.told", Told{OrderID: in.OrderID})
//	})
//
// [API], [Event], [Cron], [Call] and [Noop] make the five kinds of steps. What a handler takes and gives
// are Go types; their JSON Schemas are made from them. A handler's [Context] is a [context.Context], with
// messages, calls of other flows, state, streams, secrets and a logger.
//
// A [Noop] has no handler: people answer it, or a message from outside, or another flow, while the run
// waits without a worker.
//
// The package holds no state: steps are values, and `wistro` finds them by reading the step files.
package wistro
