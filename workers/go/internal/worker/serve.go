package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"wistro.dev/go"
	"wistro.dev/go/internal/codec"
)

const (
	// APIVariable holds the address of the triggers.
	APIVariable = "WISTRO_API"

	closeTimeout = 5 * time.Second
	// What an attempt that was told to stop needs to report that it has.
	reportTime = time.Second
)

// Serve runs the steps of a manifest until the context is done, and then lets attempts finish. Ready is
// called once every queue is polled.
func Serve(ctx context.Context, manifest *Manifest, steps []wistro.Registered, logger *slog.Logger, ready func()) error {
	keys, err := codec.LoadKeys(manifest.KeyFile, os.Getenv, logger)
	if err != nil {
		return err
	}
	tracing, err := StartTracing(ctx, manifest.Project+".worker", logger)
	if err != nil {
		return fmt.Errorf("start tracing: %w", err)
	}
	temporal, err := connect(manifest, keys, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()

	api := NewAPI(os.Getenv(APIVariable), keys, logger)
	buffer := NewBuffer(api.AppendJournal, logger)
	if api.url == "" {
		logger.Warn("state, streams and the journal are out of reach", "hint", "set "+APIVariable)
	}
	mask := &Mask{}
	journal := NewDeliveryJournal(buffer.Append, mask, logger)
	services := Services{API: api, Secrets: environmentSecrets{mask: mask, lookup: os.LookupEnv}, Journal: journal}
	executor := NewExecutor(manifest, steps, services, DefaultPatience)
	for id, broken := range executor.Broken() {
		logger.Error("a step cannot be run", "step", id, "error", broken.Error())
	}
	activities := NewActivities(
		NewDeliveries(executor, journal, mask, tracing), manifest.drain(), manifest.MessageSize)
	err = poll(ctx, temporal, manifest, activities, ready)

	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	buffer.Close(closing)
	// A collector that is away is no reason to end as if the work had failed.
	if failed := tracing.Stop(closing); failed != nil {
		logger.Warn("the last spans were not exported", "error", failed.Error())
	}
	return err
}

// connect reaches Temporal as the environment says, with everything encrypted.
func connect(manifest *Manifest, keys codec.Keys, logger *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, setupError("temporal_settings", fmt.Errorf("the settings of Temporal cannot be read: %w", err),
			"correct the variables `TEMPORAL_*` or the file that `TEMPORAL_CONFIG_FILE` names")
	}
	options.DataConverter = codec.DataConverter(keys)
	options.FailureConverter = codec.FailureConverter(options.DataConverter)
	options.ExternalStorage = converter.ExternalStorage{
		Drivers:              []converter.StorageDriver{codec.NewLocalStorage(manifest.Storage.Path)},
		PayloadSizeThreshold: manifest.Storage.Threshold,
	}
	options.Logger = log.NewStructuredLogger(slog.New(sdkLog{logger.Handler()}))
	connected, err := client.Dial(options)
	if err != nil {
		address := orElse(options.HostPort, client.DefaultHostPort)
		return nil, setupError("engine_unavailable", fmt.Errorf("Temporal at `%s` does not answer: %w", address, err),
			"start it, or set TEMPORAL_ADDRESS to where it is")
	}
	return connected, nil
}

// poll serves the queues until the context is done, one worker each with the limits of its queue.
func poll(ctx context.Context, temporal client.Client, manifest *Manifest, activities *Activities, ready func()) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var started []worker.Worker
	defer func() { stop(started) }()
	for _, queue := range manifest.Queues {
		made := worker.New(temporal, queue.Name, workerOptions(manifest, queue, fail))
		made.RegisterDynamicActivity(activities.Run, activity.DynamicRegisterOptions{})
		if err := made.Start(); err != nil {
			return fmt.Errorf("serve the queue `%s`: %w", queue.Name, err)
		}
		started = append(started, made)
	}
	ready()
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func workerOptions(manifest *Manifest, queue ManifestQueue, fail context.CancelCauseFunc) worker.Options {
	options := worker.Options{
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: queue.Concurrency,
		// Cancellation comes with the answer to a sign of life.
		MaxHeartbeatThrottleInterval: heartbeatEvery,
		// Ours come first: an attempt is told to stop, and reports that it has.
		WorkerStopTimeout: manifest.drain() + DefaultPatience.Stopping + reportTime,
		OnFatalError:      func(err error) { fail(fmt.Errorf("serve the queue `%s`: %w", queue.Name, err)) },
	}
	if host, err := os.Hostname(); err == nil && manifest.Build != "" {
		options.Identity = fmt.Sprintf("go@%s:%d@%s", manifest.Build, os.Getpid(), host)
	}
	if queue.PerSecond != nil {
		options.TaskQueueActivitiesPerSecond = *queue.PerSecond
	}
	return options
}

// stop lets the workers finish what they do, all at the same time.
func stop(workers []worker.Worker) {
	var stopped sync.WaitGroup
	for _, one := range workers {
		stopped.Go(one.Stop)
	}
	stopped.Wait()
}
