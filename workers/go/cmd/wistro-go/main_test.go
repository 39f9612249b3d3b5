package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wistro.dev/go/internal/discover"
)

const step = `package steps

import "wistro.dev/go"

var Step = wistro.Noop(wistro.NoopConfig{Name: "A step"})
`

func project(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestDiscoverPrintsTheDocument(t *testing.T) {
	root := project(t, map[string]string{"go.mod": "module shop\n", "steps/a.step.go": step, "steps/b.step.go": "package steps\n"})
	var out strings.Builder
	if err := run([]string{"discover", root, "--skip", "steps/b.step.go"}, &out); err != nil {
		t.Fatal(err)
	}
	var document discover.Document
	if err := json.Unmarshal([]byte(out.String()), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Steps) != 1 || len(document.Errors) != 0 || document.Language != "go" || document.Version != 1 {
		t.Errorf("got %s", out.String())
	}
}

func TestBuildPrintsNothing(t *testing.T) {
	root := project(t, map[string]string{"go.mod": "module shop\n", "steps/a.step.go": step})
	var out strings.Builder
	if err := run([]string{"build", root}, &out); err != nil || out.Len() > 0 {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestMistakes(t *testing.T) {
	broken := project(t, map[string]string{"steps/a.step.go": step})
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"nothing":  {nil, "expected a command and the project's folder, found 0 arguments"},
		"command":  {[]string{"bild", broken}, "`bild` is no command"},
		"argument": {[]string{"build", broken, "more"}, "`more` was not expected"},
		"project":  {[]string{"build", broken}, "problems found: 1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if err := run(test.arguments, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
