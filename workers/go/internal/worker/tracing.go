package worker

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"wistro.dev/go/internal/contract"
)

// What the last spans get to leave: nobody waits long for a collector that is away.
const lastFlush = 3 * time.Second

// Tracing makes a span of each attempt, in the trace of its run.
type Tracing struct {
	// tracer is nil where nobody has asked for traces: spans would go nowhere, and still cost time.
	tracer   trace.Tracer
	shutdown func(context.Context) error
}

// NewTracing makes spans with a provider.
func NewTracing(provider trace.TracerProvider) *Tracing {
	return &Tracing{tracer: provider.Tracer("wistro"), shutdown: func(context.Context) error { return nil }}
}

// StartTracing exports spans over OTLP, as those of a service, when the usual `OTEL_*` settings ask for it; Stop it.
//
// The SDK reads endpoint, headers, sampler, service name and resource attributes from the environment:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
func StartTracing(ctx context.Context, service string, logger *slog.Logger) (*Tracing, error) {
	if !tracesWanted() {
		return &Tracing{}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithBatcher(exporter)}
	if os.Getenv("OTEL_SERVICE_NAME") == "" && !strings.Contains(os.Getenv("OTEL_RESOURCE_ATTRIBUTES"), "service.name=") {
		named, err := resource.Merge(resource.Default(),
			resource.NewSchemaless(attribute.String("service.name", service)))
		if err != nil {
			return nil, err
		}
		options = append(options, sdktrace.WithResource(named))
	}
	provider := sdktrace.NewTracerProvider(options...)
	// What handlers and their libraries trace joins the spans of their attempts.
	otel.SetTracerProvider(provider)
	otel.SetErrorHandler(&quiet{logger: logger})
	otel.SetTextMapPropagator(propagation.TraceContext{})
	tracing := NewTracing(provider)
	tracing.shutdown = provider.Shutdown
	return tracing, nil
}

// quiet tells of a collector that is away once in a while: each batch that cannot be sent is an error.
type quiet struct {
	logger *slog.Logger
	mutex  sync.Mutex
	again  time.Time
}

func (q *quiet) Handle(err error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if now := time.Now(); now.After(q.again) {
		q.again = now.Add(time.Minute)
		q.logger.Warn("spans were not exported", "error", err.Error())
	}
}

// Stop exports what waits.
func (t *Tracing) Stop(ctx context.Context) error {
	if t.shutdown == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lastFlush)
	defer cancel()
	return t.shutdown(ctx)
}

func tracesWanted() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != ""
}

// attempt begins the span of an attempt; what the handler traces becomes part of it.
//
// Its parent is the span of its run, whose context the trigger carries.
func (t *Tracing) attempt(ctx context.Context, of *contract.Invocation, number int) (context.Context, func(error)) {
	if t.tracer == nil {
		return ctx, func(error) {}
	}
	spanKind := trace.SpanKindInternal
	attributes := []attribute.KeyValue{
		attribute.String("wistro.project", of.Project), attribute.String("wistro.flow", of.Flow),
		attribute.String("wistro.run_id", of.RunID), attribute.String("wistro.step", of.Step),
		attribute.String("wistro.delivery_id", of.DeliveryID), attribute.Int("wistro.attempt", number),
	}
	if of.Topic != nil {
		spanKind = trace.SpanKindConsumer
		attributes = append(attributes, attribute.String("messaging.destination.name", *of.Topic))
	}
	carrier := propagation.MapCarrier{"traceparent": traceparent(of)}
	ctx = propagation.TraceContext{}.Extract(ctx, carrier)
	ctx, span := t.tracer.Start(ctx, of.Step, trace.WithSpanKind(spanKind), trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		var failed *FailedError
		if errors.As(err, &failed) {
			// Not RecordError: it would take the text from before it was masked.
			span.SetAttributes(attribute.String("error.type", failed.Info.Code))
			span.SetStatus(codes.Error, failed.Info.Message)
		}
		span.End()
	}
}

// traceparent is the caller's, or that of the run itself. The ids that schedules make are no trace ids: the
// propagator drops them, and a new trace begins.
func traceparent(of *contract.Invocation) string {
	if given := value(of.Trigger.Traceparent); given != "" || len(of.RunID) < 16 {
		return given
	}
	return "00-" + of.RunID + "-" + of.RunID[:16] + "-01"
}
