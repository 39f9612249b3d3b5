package worker

import (
	"context"
	"errors"
	"time"

	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

// Deliveries makes attempts, and tells everybody who should know: timed, traced, masked and noted.
type Deliveries struct {
	executor *Executor
	journal  *DeliveryJournal
	mask     *Mask
	tracing  *Tracing
}

// NewDeliveries makes attempts with an executor.
func NewDeliveries(executor *Executor, journal *DeliveryJournal, mask *Mask, tracing *Tracing) *Deliveries {
	return &Deliveries{executor: executor, journal: journal, mask: mask, tracing: tracing}
}

// Attempt makes one attempt (FailedError with the error without secrets, StoppedError).
func (d *Deliveries) Attempt(ctx context.Context, of *contract.Invocation, attempt Attempt) (contract.StepResult, error) {
	d.journal.started(of, attempt.Number)
	begun := time.Now()
	ctx, end := d.tracing.attempt(ctx, of, attempt.Number)
	result, err := d.executor.Run(ctx, of, attempt)
	var failed *FailedError
	if errors.As(err, &failed) {
		failed.Info = d.mask.Error(failed.Info)
	}
	end(err)
	took := time.Since(begun)
	var stopped *StoppedError
	switch {
	case err == nil:
		d.journal.completed(of, attempt.Number, took, result)
	case errors.As(err, &stopped):
		d.journal.cancelled(of, attempt.Number, took, reason(stopped.Cause))
	case failed != nil:
		d.journal.failed(of, attempt.Number, took, failed.Info)
	}
	return result, err
}

// reason is why an attempt was stopped, as the other languages call it.
func reason(cause error) string {
	switch {
	case errors.Is(cause, wistro.ErrTimeout):
		return "timeout"
	case errors.Is(cause, wistro.ErrWorkerStopping):
		return "worker_stopping"
	case errors.Is(cause, wistro.ErrSuperseded):
		return "superseded"
	default:
		return "cancelled"
	}
}
