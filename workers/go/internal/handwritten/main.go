// Command handwritten is the yardstick of the benchmarks: the activity of their chain, by hand, on the
// plain SDK for Go, with the project's codec. It is here because the codec is internal.
//
//	handwritten ADDRESS KEYS QUEUE
package main

import (
	"context"
	"log"
	"log/slog"
	"os"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"wistro.dev/go/internal/codec"
)

// Order is what travels from step to step.
type Order struct {
	ID       string   `json:"id"`
	Hop      int      `json:"hop"`
	Customer string   `json:"customer"`
	Lines    []string `json:"lines"`
}

func hop(_ context.Context, order Order) (Order, error) {
	order.Hop++
	return order, nil
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: handwritten ADDRESS KEYS QUEUE")
	}
	if err := work(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func work(address, keyFile, queue string) error {
	keys, err := codec.LoadKeys(keyFile, os.Getenv, slog.Default())
	if err != nil {
		return err
	}
	converter := codec.DataConverter(keys)
	temporal, err := client.Dial(client.Options{
		HostPort:         address,
		DataConverter:    converter,
		FailureConverter: codec.FailureConverter(converter),
	})
	if err != nil {
		return err
	}
	defer temporal.Close()
	hands := worker.New(temporal, queue, worker.Options{
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: 100,
	})
	hands.RegisterActivityWithOptions(hop, activity.RegisterOptions{Name: "hop"})
	return hands.Run(worker.InterruptCh())
}
