package worker

import (
	"errors"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
)

// traced makes one attempt and gives its span, and the one that the handler made.
func traced(t *testing.T, of *contract.Invocation, err error) (attempt, inner tracetest.SpanStub) {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	executor := handling(t, func(ctx wistro.Context, _ any) error {
		_, span := provider.Tracer("theirs").Start(ctx, "charge")
		span.End()
		return err
	})
	mask := &Mask{}
	journal := NewDeliveryJournal(func(Entry) {}, mask, silent())
	mask.Add("s3cret")
	_, _ = NewDeliveries(executor, journal, mask, NewTracing(provider)).Attempt(t.Context(), of, once)
	found := spans.GetSpans()
	if len(found) != 2 {
		t.Fatalf("%d spans", len(found))
	}
	return found[1], found[0]
}

func TestAnAttemptIsASpanOfItsRun(t *testing.T) {
	of := ofIt()
	topic, parent := "order.placed", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
	of.Topic, of.Trigger.Traceparent = &topic, &parent
	attempt, inner := traced(t, of, errors.New("401 for s3cret"))
	if attempt.Name != "it" || attempt.SpanKind != trace.SpanKindConsumer {
		t.Errorf("%s, %s", attempt.Name, attempt.SpanKind)
	}
	if attempt.Parent.SpanID().String() != "00f067aa0ba902b7" || !attempt.Parent.IsRemote() {
		t.Errorf("its parent is %v", attempt.Parent)
	}
	if attempt.Status.Description != "401 for •••" || len(attempt.Events) != 0 {
		t.Errorf("%+v, %v", attempt.Status, attempt.Events)
	}
	if inner.Parent.SpanID() != attempt.SpanContext.SpanID() {
		t.Errorf("what the handler traced is below %v", inner.Parent)
	}
}

func TestWithoutACallerTheTraceIsThatOfTheRun(t *testing.T) {
	attempt, _ := traced(t, ofIt(), nil)
	if found := attempt.SpanContext.TraceID().String(); found != ofIt().RunID {
		t.Errorf("the trace is %s", found)
	}
}
