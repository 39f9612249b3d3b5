package discover

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// compile builds the worker. What the compiler says about the sources comes back as complaints; the error
// is about the tool itself.
func compile(module *goModule, program program) ([]complaint, error) {
	modFile, err := module.modFile()
	if err != nil {
		return nil, err
	}
	overlay, err := program.write(module)
	if err != nil {
		return nil, err
	}
	said, err := goBuild(module, modFile, overlay, "readonly")
	if err == nil {
		return nil, nil
	}
	// Two modules together may need a third one that neither names: Go completes our copy of go.mod.
	if strings.Contains(said, "go.sum entry") || strings.Contains(said, "updates to go.mod needed") {
		if said, err = goBuild(module, modFile, overlay, "mod"); err == nil {
			return nil, nil
		}
	}
	if failed := new(exec.ExitError); !errors.As(err, &failed) {
		return nil, fmt.Errorf("`go` cannot be run: %w\nhint: install Go from https://go.dev/dl", err)
	}
	if found := complaints(said, module, program); len(found) > 0 {
		return found, nil
	}
	text := strings.Join(strings.Fields(said), " ")
	return []complaint{{problem: Problem{Path: "go.mod", Error: "the worker does not build: " + text}}}, nil
}

func goBuild(module *goModule, modFile, overlay, mode string) (string, error) {
	command := exec.Command("go", "build",
		"-mod="+mode, "-modfile="+modFile, "-overlay="+overlay,
		// Linking is what a rebuild waits for, and most of it is debugging information.
		"-ldflags=-s -w", "-buildvcs=false",
		"-o", module.worker(), "./"+mainFolder)
	command.Dir = module.folder
	command.Env = append(os.Environ(), "GOWORK=off")
	said, err := command.CombinedOutput()
	return string(said), err
}

// worker is the binary.
func (m *goModule) worker() string { return filepath.Join(m.cache, "worker") }

// complaint is what the compiler says about a place.
type complaint struct {
	// folder is where the package is that has to be mended.
	folder  string
	problem Problem
}

var (
	place   = regexp.MustCompile(`^(\S.*\.go):(\d+)(?::\d+)?: (.*)$`)
	missing = regexp.MustCompile(`(?:no required module provides|cannot find module providing) package (\S+?)[;:]`)
)

// complaints are the errors in what `go build` printed. A line that is indented belongs to the one before,
// except when it is about our own main.
func complaints(said string, module *goModule, program program) []complaint {
	var found []complaint
	for line := range strings.Lines(strings.ReplaceAll(said, module.root+"/", "")) {
		text, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "\t")
		match := place.FindStringSubmatch(text)
		switch {
		case match != nil && (!indented || strings.HasPrefix(text, mainFolder)):
			number, _ := strconv.Atoi(match[2])
			found = append(found, placed(match[1], number, match[3], module, program))
		case indented && len(found) > 0:
			found[len(found)-1].problem.Error += " " + strings.TrimSpace(text)
		}
	}
	if len(found) == 0 {
		found = mentioned(said, module, program)
	}
	for i := range found {
		found[i].problem.explain()
	}
	return found
}

func placed(path string, line int, message string, module *goModule, program program) complaint {
	if step, ours := program.lines[line]; ours && filepath.Base(filepath.Dir(path)) == mainFolder {
		return complaint{step.Folder, Problem{Path: step.Path, Line: step.Line, Error: message}}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(module.folder, path)
	}
	return complaint{filepath.Dir(path), Problem{Path: module.relative(path), Line: line, Error: message}}
}

// mentioned are the steps whose package is named in an error without a place, such as an import cycle.
func mentioned(said string, module *goModule, program program) []complaint {
	var found []complaint
	seen := map[string]bool{}
	for _, step := range program.steps {
		path := regexp.QuoteMeta(module.importPath(step.Folder)) + "|" + regexp.QuoteMeta(step.Folder)
		named := regexp.MustCompile(`(?:^|[\s"])(?:` + path + `)(?:$|[\s:;,"])`)
		if !seen[step.Folder] && named.MatchString(said) {
			seen[step.Folder] = true
			found = append(found, complaint{step.Folder, Problem{
				Path: step.Path, Line: 1, Error: strings.Join(strings.Fields(said), " "),
			}})
		}
	}
	return found
}

// relative is how the project calls a file.
func (m *goModule) relative(path string) string {
	if name, err := filepath.Rel(m.root, path); err == nil {
		return filepath.ToSlash(name)
	}
	return path
}

func (p *Problem) explain() {
	if match := missing.FindStringSubmatch(p.Error); match != nil {
		p.Error = fmt.Sprintf("no module in go.mod provides the package `%s`", match[1])
		p.Hint = fmt.Sprintf("run `go get %s` in the project's folder", match[1])
	} else if strings.Contains(p.Error, "use of internal package") {
		p.Hint = "move the step file out of `internal`: the worker's main imports its package"
	} else if strings.Contains(p.Error, "import cycle not allowed") {
		p.Hint = "move what both packages need into a third one"
	} else if strings.HasPrefix(p.Error, "found packages ") {
		p.Hint = "the files of a folder belong to one package: give them the same `package` line"
	}
}
