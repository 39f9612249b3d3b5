package discover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wistro.dev/go/internal/describe"
)

// patience is how long the packages of a project may take to be initialised.
const patience = 10 * time.Second

// ask has the worker describe its steps. A package that takes the worker down when it is initialised comes
// back as a complaint.
func ask(module *goModule, steps []StepFile) (map[string]describe.Described, *complaint, error) {
	file := filepath.Join(module.cache, "described.json")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	said, failure := runWorker(module, file)
	text, err := os.ReadFile(file)
	if failure != nil || err != nil {
		if failure == nil {
			failure = errors.New("it ended early, with the exit code 0")
		}
		return nil, culprit(module, steps, said, failure), nil
	}
	var all []describe.Described
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, nil, fmt.Errorf("reading what the worker describes: %w", err)
	}
	described := map[string]describe.Described{}
	for _, each := range all {
		described[each.Path] = each
	}
	return described, nil, nil
}

// runWorker returns what the worker said, and why it failed. Go's own account of the packages it
// initialised is part of it.
func runWorker(module *goModule, file string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	command := exec.CommandContext(ctx, module.worker(), describe.Command, file)
	command.Dir = module.root
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1", "GOTRACEBACK=all")
	// Asked to quit, Go says where each goroutine is: that names the package that hangs.
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGQUIT) }
	command.WaitDelay = time.Second
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	text := said.String()
	for line := range strings.Lines(text) {
		if !trace.MatchString(line) && err == nil {
			fmt.Fprint(os.Stderr, line)
		}
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("it was still being initialised after %s", patience)
	}
	return text, err
}

var (
	trace = regexp.MustCompile(`^init (\S+) @[\d.]+ ms, `)
	frame = regexp.MustCompile(`^\t(/.+\.go):(\d+)`)
	fatal = regexp.MustCompile(`(?m)^(?:panic|fatal error): (.*)$`)
)

// culprit is the package that took the worker down: the one that the stack names, else the first one that
// was not initialised.
func culprit(module *goModule, steps []StepFile, said string, failure error) *complaint {
	message := failure.Error()
	if match := fatal.FindStringSubmatch(said); match != nil {
		message = "panic: " + match[1]
	}
	found := func(folder, path string, line int) *complaint {
		return &complaint{folder, Problem{
			Path: path, Line: line,
			Error: fmt.Sprintf("the package of `%s` cannot be initialised: %s", path, message),
			Hint:  "keep what a package does when it is initialised small: open connections in the handler",
		}}
	}
	initialised := map[string]bool{}
	for line := range strings.Lines(said) {
		if match := trace.FindStringSubmatch(line); match != nil {
			initialised[match[1]] = true
		}
		if match := frame.FindStringSubmatch(line); match != nil {
			own := strings.HasPrefix(match[1], module.folder+"/") && !strings.HasPrefix(match[1], module.cache+"/")
			if own && filepath.Base(filepath.Dir(match[1])) != mainFolder {
				number, _ := strconv.Atoi(match[2])
				return found(filepath.Dir(match[1]), module.relative(match[1]), number)
			}
		}
	}
	for _, step := range byPackage(module, steps) {
		if !initialised[module.importPath(step.Folder)] {
			return found(step.Folder, step.Path, step.Line)
		}
	}
	return nil
}

// byPackage is the steps in the order in which Go initialises their packages.
func byPackage(module *goModule, steps []StepFile) []StepFile {
	sorted := slices.Clone(steps)
	slices.SortStableFunc(sorted, func(a, b StepFile) int {
		return strings.Compare(module.importPath(a.Folder), module.importPath(b.Folder))
	})
	return sorted
}
