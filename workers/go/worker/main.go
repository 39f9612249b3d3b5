// Package worker is the entry of a project's worker: the main package that `wistro` generates registers
// the project's steps and calls [Main].
package worker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"wistro.dev/go"
	"wistro.dev/go/internal/describe"
	"wistro.dev/go/internal/worker"
)

const usage = `usage: worker serve --manifest FILE
       worker describe FILE`

// Main runs the command that the process was started with, and ends it:
//
//	serve --manifest FILE   run the steps until SIGTERM or SIGINT
//	describe FILE           write what the steps are
func Main(steps []wistro.Registered) {
	os.Exit(run(os.Args[1:], steps))
}

func run(args []string, steps []wistro.Registered) int {
	if len(args) == 2 && args[0] == describe.Command {
		if err := describe.Write(steps, args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	if len(args) > 0 && args[0] == "serve" {
		flags := flag.NewFlagSet("serve", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		manifest := flags.String("manifest", "", "the file that `wistro` has written for this worker")
		if err := flags.Parse(args[1:]); err == nil && *manifest != "" && flags.NArg() == 0 {
			return serve(*manifest, steps)
		}
	}
	fmt.Fprintln(os.Stderr, usage)
	return 2
}

func serve(path string, steps []wistro.Registered) int {
	log := worker.NewLog(os.Stderr, os.Getenv("WISTRO_LOG_LEVEL"))
	control, err := worker.OpenControl()
	if err != nil {
		log.Error(err.Error())
		return 2
	}
	if err := serveManifest(path, steps, log, control); err != nil {
		control.Failed(err)
		log.Error("the worker ends", slog.String("error", err.Error()))
		return 1
	}
	return 0
}

func serveManifest(path string, steps []wistro.Registered, log *slog.Logger, control *worker.Control) error {
	manifest, err := worker.LoadManifest(path)
	if err != nil {
		return err
	}
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	// The second signal ends the process at once.
	context.AfterFunc(ctx, restore)
	err = worker.Serve(control.Follow(ctx), manifest, steps, log, func() {
		log.Info("ready", slog.Int("steps", len(manifest.Steps)), slog.String("project", manifest.Project))
		control.Ready()
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
