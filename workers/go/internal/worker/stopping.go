package worker

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"wistro.dev/go"
)

// causeOf is why Temporal ended the context of an activity, as handlers see it.
func causeOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	var cancelled *temporal.CanceledError
	switch {
	case errors.As(cause, &cancelled):
		return wistro.ErrCancelled
	case errors.Is(cause, worker.ErrWorkerShutdown):
		return wistro.ErrWorkerStopping
	case errors.Is(cause, context.DeadlineExceeded):
		return wistro.ErrTimeout
	default:
		// The server does not know the attempt any more: another one may have begun.
		return wistro.ErrSuperseded
	}
}
