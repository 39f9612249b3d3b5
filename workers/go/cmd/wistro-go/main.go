// Command wistro-go finds the Go steps of a project and builds its worker.
//
//	wistro-go discover ROOT [--progress FILE] [--skip PATH]…
//	wistro-go build ROOT
//
// `discover` prints one JSON document on standard output; what goes wrong in the project stands in it.
// `build` prints errors only. Both leave the worker in ROOT/.wistro/cache/go/worker.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"wistro.dev/go/internal/discover"
)

const usage = `usage: wistro-go discover ROOT [--progress FILE] [--skip PATH]…
       wistro-go build ROOT
`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	if len(arguments) < 2 {
		return fmt.Errorf("expected a command and the project's folder, found %d arguments\n%s", len(arguments), usage)
	}
	command, root := arguments[0], arguments[1]
	if command != "discover" && command != "build" {
		return fmt.Errorf("`%s` is no command\n%s", command, usage)
	}
	options, err := read(arguments[2:])
	if err != nil {
		return err
	}
	document, err := discover.Discover(root, options)
	if err != nil {
		return err
	}
	if command == "build" {
		return complain(document.Errors)
	}
	return json.NewEncoder(out).Encode(document)
}

func read(arguments []string) (discover.Options, error) {
	var options discover.Options
	flags := flag.NewFlagSet("wistro-go", flag.ContinueOnError)
	flags.StringVar(&options.Progress, "progress", "", "where to write which file is being looked at")
	flags.Func("skip", "a step file to leave out", func(path string) error {
		options.Skip = append(options.Skip, path)
		return nil
	})
	if err := flags.Parse(arguments); err != nil {
		return options, err
	}
	if flags.NArg() > 0 {
		return options, fmt.Errorf("`%s` was not expected\n%s", flags.Arg(0), usage)
	}
	return options, nil
}

// complain turns what is wrong with the project into one error.
func complain(problems []discover.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	for _, problem := range problems {
		place := problem.Path
		if problem.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, problem.Line)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", place, problem.Error)
		if problem.Hint != "" {
			fmt.Fprintf(os.Stderr, "  hint: %s\n", problem.Hint)
		}
	}
	return fmt.Errorf("problems found: %d", len(problems))
}
