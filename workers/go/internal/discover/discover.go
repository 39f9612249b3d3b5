// Package discover finds the Go steps of a project, builds its worker, and says what the steps declare.
package discover

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
	"wistro.dev/go/internal/describe"
)

// Options are what a caller may say.
type Options struct {
	// Progress is a file that names the step file being looked at.
	Progress string
	// Skip are step files to leave out.
	Skip []string
}

// Discover builds the worker of the project and describes its steps. The error is about the tool itself;
// what is wrong with the project stands in the document, and the rest of the project goes on.
func Discover(root string, options Options) (*Document, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	found := &discovery{root: root, unread: map[string]bool{}, document: newDocument()}
	paths, err := stepFiles(root, options.Skip)
	if err != nil || len(paths) == 0 {
		return found.document, err
	}
	for _, path := range paths {
		if err := found.look(path, options.Progress); err != nil {
			return nil, err
		}
	}
	if err := found.run(); err != nil {
		return nil, err
	}
	return found.document, nil
}

// discovery is the steps that are still good, and the document so far.
type discovery struct {
	root    string
	module  *goModule
	sources *sources
	steps   []StepFile
	// unread are the files that do not parse: what the compiler says about them was said before.
	unread   map[string]bool
	document *Document
}

// look parses a step file.
func (d *discovery) look(path, progress string) error {
	if progress != "" {
		if err := os.WriteFile(progress, []byte(path), 0o600); err != nil {
			return err
		}
	}
	step, problem := parse(d.root, path)
	if problem != nil {
		d.unread[path] = problem.syntax
		d.document.Errors = append(d.document.Errors, *problem)
		return nil
	}
	d.steps = append(d.steps, step)
	return nil
}

// run opens the project's module and builds it.
func (d *discovery) run() error {
	var err error
	if d.module, err = openModule(d.root); err != nil {
		d.document.Errors = append(d.document.Errors, moduleProblem(err, d.root))
		return nil
	}
	if err := os.MkdirAll(d.module.cache, 0o755); err != nil {
		return err
	}
	release, err := lock(d.module)
	if err != nil {
		return err
	}
	defer release()
	d.sources = newSources(d.module)
	d.elsewhere()
	return d.build()
}

// build goes on until what is left of the project works.
func (d *discovery) build() error {
	for len(d.steps) > 0 {
		complaints, err := compile(d.module, newProgram(d.module, d.steps))
		if err != nil {
			return err
		}
		if len(complaints) == 0 {
			described, complaint, err := ask(d.module, d.steps)
			if err != nil {
				return err
			}
			if complaint == nil && described != nil {
				return d.describe(described)
			}
			if complaint != nil {
				complaints = append(complaints, *complaint)
			}
		}
		if !d.drop(complaints) {
			return nil
		}
	}
	return nil
}

func moduleProblem(err error, root string) Problem {
	if errors.Is(err, errNoModule) {
		return Problem{
			Path:  "go.mod",
			Error: "the project has Go steps and no `go.mod`",
			Hint:  fmt.Sprintf("run `go mod init %s` in the project's folder", filepath.Base(root)),
		}
	}
	problem := Problem{Path: "go.mod", Error: err.Error()}
	var list modfile.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		problem.Line = list[0].Pos.Line
	}
	return problem
}

// elsewhere drops the steps that are in a module inside the project's.
func (d *discovery) elsewhere() {
	d.steps = slices.DeleteFunc(d.steps, func(step StepFile) bool {
		inner := enclosing(step.Folder, "go.mod")
		if inner == d.module.folder {
			return false
		}
		d.document.Errors = append(d.document.Errors, Problem{
			Path:  step.Path,
			Error: fmt.Sprintf("`%s` is in a Go module of its own, `%s`", step.Path, d.module.relative(inner)),
			Hint:  "remove that go.mod: the steps of a project are packages of one module",
		})
		return true
	})
}

// drop reports complaints and leaves out the steps that they are about. It says whether there were any:
// without, trying again would not help.
func (d *discovery) drop(complaints []complaint) bool {
	folders := map[string]bool{}
	for _, complaint := range complaints {
		folders[complaint.folder] = true
		if !d.unread[complaint.problem.Path] {
			d.document.Errors = append(d.document.Errors, complaint.problem)
		}
	}
	before := len(d.steps)
	d.steps = slices.DeleteFunc(d.steps, func(step StepFile) bool {
		return d.sources.reaches(step.Folder, folders)
	})
	return len(d.steps) < before
}

func (d *discovery) describe(described map[string]describe.Described) error {
	for _, file := range d.steps {
		found := described[file.Path]
		for _, problem := range found.Problems {
			d.document.Errors = append(d.document.Errors, Problem{Path: file.Path, Line: file.Line, Error: problem})
		}
		if len(found.Problems) > 0 {
			continue
		}
		hash, err := d.sources.hash(file, included(found.Config))
		if err != nil {
			return err
		}
		d.document.Steps = append(d.document.Steps, Step{
			Path: file.Path, Config: found.Config, HasHandler: found.HasHandler, Hash: hash, Line: file.Line,
		})
	}
	return nil
}

// included are the patterns of a config's `includeFiles`.
func included(config map[string]any) []string {
	var patterns []string
	found, _ := config["includeFiles"].([]any)
	for _, pattern := range found {
		if text, ok := pattern.(string); ok {
			patterns = append(patterns, text)
		}
	}
	return patterns
}
