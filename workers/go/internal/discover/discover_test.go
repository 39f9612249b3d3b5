package discover_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wistro.dev/go/internal/discover"
)

// project copies the project in testdata, which a test may change.
func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", "good"))); err != nil {
		t.Fatal(err)
	}
	return root
}

// write makes the files of a project.
func write(t *testing.T, root string, files map[string]string) string {
	t.Helper()
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

func found(t *testing.T, root string, options discover.Options) *discover.Document {
	t.Helper()
	document, err := discover.Discover(root, options)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func paths(document *discover.Document) []string {
	var all []string
	for _, step := range document.Steps {
		all = append(all, step.Path)
	}
	return all
}

func problems(document *discover.Document) string {
	var lines strings.Builder
	for _, problem := range document.Errors {
		fmt.Fprintf(&lines, "%s:%d: %s\n", problem.Path, problem.Line, problem.Error)
	}
	return lines.String()
}

func TestDiscover(t *testing.T) {
	root := project(t)
	document := found(t, root, discover.Options{})
	if len(document.Errors) > 0 {
		t.Fatal(problems(document))
	}
	want := []string{
		"src/billing/approve.step.go", "src/billing/nightly_report.step.go", "src/billing/quote.step.go",
		"steps/orders/place.step.go", "steps/orders/ship.step.go",
	}
	if got := paths(document); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	golden(t, document)
	if _, err := os.Stat(filepath.Join(root, ".wistro/cache/go/worker")); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 6 {
		t.Errorf("expected nothing but `.wistro` to be added, found %v", entries)
	}
}

// golden compares the configs with those that the Python tests read too.
func golden(t *testing.T, document *discover.Document) {
	t.Helper()
	for i := range document.Steps {
		document.Steps[i].Hash = "0"
	}
	got, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	place := filepath.Join("testdata", "good.json")
	if os.Getenv("WISTRO_WRITE_GOLDEN") != "" {
		if err := os.WriteFile(place, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(place)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestSkipAndProgress(t *testing.T) {
	root := project(t)
	progress := filepath.Join(t.TempDir(), "progress")
	document := found(t, root, discover.Options{
		Progress: progress,
		Skip:     []string{"src/billing/approve.step.go", "src/billing/quote.step.go"},
	})
	if got := len(document.Steps); got != 3 {
		t.Errorf("got %d steps, want 3", got)
	}
	if last, err := os.ReadFile(progress); err != nil || string(last) != "steps/orders/ship.step.go" {
		t.Errorf("got %s, %v", last, err)
	}
}

func TestHashes(t *testing.T) {
	root := project(t)
	hashes := func() map[string]string {
		all := map[string]string{}
		for _, step := range found(t, root, discover.Options{}).Steps {
			all[filepath.Base(step.Path)] = step.Hash
		}
		return all
	}
	before := hashes()
	const place, ship, report, approve = "place.step.go", "ship.step.go", "nightly_report.step.go", "approve.step.go"
	cases := []struct {
		change string
		want   []string
	}{
		{"internal/mail/letter.txt", []string{ship}},
		{"internal/mail/mail.go", []string{ship}},
		{"steps/orders/order.go", []string{place, ship}},
		{"steps/orders/order_test.go", nil},
		{"steps/orders/ship.step.go", []string{ship}},
		{"src/billing/approve.step.go", []string{approve}},
		{"src/billing/report.sql", []string{report}},
	}
	for _, test := range cases {
		t.Run(test.change, func(t *testing.T) {
			add(t, filepath.Join(root, test.change), "\n// changed\n")
			after := hashes()
			var changed []string
			for name := range after {
				if after[name] != before[name] {
					changed = append(changed, name)
				}
			}
			slices.Sort(changed)
			if !slices.Equal(changed, test.want) {
				t.Errorf("got %v, want %v", changed, test.want)
			}
			before = after
		})
	}
}

func add(t *testing.T, path, text string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(old, text...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// event is a step file of a package.
func event(name, variable, input string) string {
	return "package " + name + "\n\nimport \"wistro.dev/go\"\n\n" +
		"var " + variable + " = wistro.Event(wistro.EventConfig{Name: \"A step\", Subscribes: []string{\"a\"}}, " +
		"func(ctx wistro.Context, in " + input + ") error { return nil })\n"
}

func TestProblems(t *testing.T) {
	root := write(t, t.TempDir(), map[string]string{
		// A version that nobody published, and a Go that is older than this module's.
		"go.mod": "module shop.example/broken\n\ngo 1.21\n\nrequire wistro.dev/go v0.9.9\n",

		"steps/fine/works.step.go":       event("fine", "Works", "string"),
		"steps/fine/unexported.step.go":  event("fine", "quiet", "string"),
		"steps/fine/for_windows.step.go": event("fine", "ForWindows", "string"),
		"steps/fine/_hidden.step.go":     event("fine", "Hidden", "string"),
		"steps/fine/none.step.go":        "package fine\n",
		"steps/fine/two.step.go": "package fine\n\nimport \"wistro.dev/go\"\n\nvar (\n" +
			"\tFirst  = wistro.Noop(wistro.NoopConfig{Name: \"1\"})\n\tSecond = wistro.Noop(wistro.NoopConfig{Name: \"2\"})\n)\n",

		"steps/syntax/broken.step.go": "package syntax\n\nvar Broken = wistro.Event(\n",
		"steps/syntax/good.step.go":   event("syntax", "Good", "string"),
		"steps/types/wrong.step.go":   event("types", "Wrong", "string") + "\nvar count int = \"seven\"\n",
		"steps/handler/wrong.step.go": strings.Replace(event("handler", "Wrong", "string"), "return nil", "return 7", 1),
		"steps/main/entry.step.go":    event("main", "Entry", "string"),
		"steps/far/far.step.go":       strings.Replace(event("far", "Far", "there.Name"), "import ", "import \"example.com/there\"\nimport ", 1),
		"steps/mixed/a.step.go":       event("a", "A", "string"),
		"steps/mixed/b.step.go":       event("b", "B", "string"),
		"steps/db/uses.step.go":       strings.Replace(event("db", "Uses", "db.Row"), "import ", "import \"shop.example/broken/internal/db\"\nimport ", 1),
		"internal/db/db.go":           "package db\n\nvar row Row\n",
		"steps/own/go.mod":            "module own\n",
		"steps/own/own.step.go":       event("own", "Own", "string"),

		"steps/internal/deep/deep.step.go": event("deep", "Deep", "string"),
		"steps/dead/dead.step.go":          event("dead", "Dead", "string") + "\nvar never = []string{}[len(\"seven\")]\n",
		"steps/quits/quits.step.go": "package quits\n\nimport (\n\t\"os\"\n\n\t\"wistro.dev/go\"\n)\n\n" +
			"var Quits = wistro.Noop(wistro.NoopConfig{Name: \"Quits\"})\n\nfunc init() { os.Exit(3) }\n",
		"steps/bad/channel.step.go": event("bad", "Channel", "struct{ Done chan int }"),
		"steps/bad/nil.step.go":     "package bad\n\nimport \"wistro.dev/go\"\n\nvar Nil *wistro.Step\n",
		"steps/bad/handler.step.go": "package bad\n\nimport \"wistro.dev/go\"\n\n" +
			"var Handler = wistro.Cron(wistro.CronConfig{Name: \"No handler\", Cron: \"0 3 * * *\"}, nil)\n",
	})
	document := found(t, root, discover.Options{})
	if got := paths(document); !slices.Equal(got, []string{"steps/fine/works.step.go"}) {
		t.Errorf("got %v", got)
	}
	want := []string{
		"steps/fine/_hidden.step.go:0: `steps/fine/_hidden.step.go` starts with `_`: Go ignores it",
		"steps/fine/for_windows.step.go:0: `steps/fine/for_windows.step.go` is not built on linux/",
		"steps/fine/none.step.go:1: `steps/fine/none.step.go` declares no step",
		"steps/fine/two.step.go:7: `steps/fine/two.step.go` declares 2 steps, `First` and `Second`; expected one",
		"steps/fine/unexported.step.go:5: the step `quiet` is not exported, so the worker cannot use it",
		"steps/main/entry.step.go:1: `steps/main/entry.step.go` is in `package main`, which the worker cannot import",
		"steps/syntax/broken.step.go:3: `steps/syntax/broken.step.go` is no Go file: expected ')', found 'EOF'",
		"steps/own/own.step.go:0: `steps/own/own.step.go` is in a Go module of its own, `steps/own`",
		"steps/far/far.step.go:3: no module in go.mod provides the package `example.com/there`",
		"steps/mixed/a.step.go:5: found packages a (a.step.go) and b (b.step.go) in steps/mixed",
		"steps/internal/deep/deep.step.go:5: use of internal package shop.example/broken/steps/internal/deep not allowed",
		"internal/db/db.go:3: undefined: Row",
		"steps/types/wrong.step.go:7: cannot use \"seven\" (untyped string constant) as int value in variable declaration",
		"steps/handler/wrong.step.go:5: cannot use 7 (constant of type int) as error value in return statement",
		"steps/dead/dead.step.go:7: the package of `steps/dead/dead.step.go` cannot be initialised: panic: runtime error: index out of range [5] with length 0",
		"steps/quits/quits.step.go:9: the package of `steps/quits/quits.step.go` cannot be initialised: exit status 3",
		"steps/bad/channel.step.go:5: the message: `struct { Done chan int }.Done` is a `chan int`, which JSON cannot carry",
		"steps/bad/nil.step.go:5: the step is nil, expected what `wistro.Event` or another of its functions makes",
		"steps/bad/handler.step.go:5: the handler is nil, expected a function",
	}
	said := problems(document)
	for _, line := range want {
		if !strings.Contains(said, line) {
			t.Errorf("nothing says %s", line)
		}
	}
	if len(document.Errors) != len(want) || t.Failed() {
		t.Errorf("got %d problems, want %d:\n%s", len(document.Errors), len(want), said)
	}
}

func TestStepsOfApps(t *testing.T) {
	root := write(t, t.TempDir(), map[string]string{
		"go.mod":                             "module shop.example/apps\n\ngo 1.24\n",
		"steps/same.step.go":                 event("steps", "Same", "string"),
		"apps/refunds/steps/same.step.go":    event("steps", "Same", "string"),
		"apps/mail/src/letter.step.go":       event("src", "Letter", "string"),
		"apps/mail/other/letter.step.go":     event("other", "Letter", "string"),
		"apps/.hidden/steps/gone.step.go":    event("steps", "Gone", "string"),
		"apps/node_modules/src/gone.step.go": event("src", "Gone", "string"),
	})
	document := found(t, root, discover.Options{})
	want := []string{"apps/mail/src/letter.step.go", "apps/refunds/steps/same.step.go", "steps/same.step.go"}
	if got := paths(document); !slices.Equal(got, want) || len(document.Errors) > 0 {
		t.Errorf("got %v, want %v\n%s", got, want, problems(document))
	}
}

func TestModules(t *testing.T) {
	step := event("steps", "Step", "string")
	shared := strings.Replace(event("steps", "Step", "shared.Order"), "import ", "import \"other.example/shared/v2\"\nimport ", 1)
	other := "module other.example/shared/v2\n\ngo 1.24\n"
	cases := map[string]struct {
		files map[string]string
		want  string
	}{
		"no go.mod":     {map[string]string{"steps/a.step.go": step}, "go.mod:0: the project has Go steps and no `go.mod`\n"},
		"broken go.mod": {map[string]string{"go.mod": "modul shop\n", "steps/a.step.go": step}, "go.mod:1: go.mod:1: unknown directive: modul\n"},
		"no steps":      {map[string]string{"steps/a.go": "package steps\n"}, ""},
		"old go.mod":    {map[string]string{"go.mod": "module shop\n", "steps/a.step.go": step}, ""},
		"vendor":        {map[string]string{"go.mod": "module shop\n\ngo 1.24\n", "vendor/modules.txt": "", "steps/a.step.go": step}, ""},
		"replace": {map[string]string{
			"go.mod": "module shop\n\ngo 1.24\n\nrequire other.example/shared/v2 v2.0.0\n\n" +
				"replace other.example/shared/v2 => ./shared\n",
			"shared/go.mod": other, "shared/order.go": "package shared\n\ntype Order struct{}\n",
			"steps/a.step.go": shared,
		}, ""},
		"workspace": {map[string]string{
			"go.work": "go 1.24\n\nuse (\n\t.\n\t./shared\n)\n", "go.mod": "module shop\n\ngo 1.24\n",
			"shared/go.mod": other, "shared/order.go": "package shared\n\ntype Order struct{}\n",
			"steps/a.step.go": shared,
		}, ""},
		"cycle": {map[string]string{
			"go.mod": "module shop\n\ngo 1.24\n", "other/other.go": "package other\n\nimport _ \"shop/steps\"\n",
			"steps/a.step.go": strings.Replace(step, "import ", "import _ \"shop/other\"\nimport ", 1),
		}, "import cycle not allowed"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := write(t, t.TempDir(), test.files)
			document := found(t, root, discover.Options{})
			said := problems(document)
			if !strings.Contains(said, test.want) || (test.want == "" && said != "") {
				t.Errorf("got %q, want %q", said, test.want)
			}
			if before, ok := test.files["go.mod"]; ok {
				if after, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || string(after) != before {
					t.Errorf("go.mod was changed to %s, %v", after, err)
				}
			}
		})
	}
}

// What the types of the package are for: a mistake is an error of the compiler, at its place.
func TestMisuseDoesNotCompile(t *testing.T) {
	const head = "package %s\n\nimport \"wistro.dev/go\"\n\ntype Told struct{ ID string }\n\n" +
		"var told = wistro.Message[Told](\"told\")\n\n"
	config := "wistro.EventConfig{Name: \"A step\", Subscribes: []string{\"a\"}}"
	cases := map[string]struct{ code, want string }{
		"message": {
			"wistro.Event(" + config + ", func(ctx wistro.Context, in Told) error { return told.Emit(ctx, \"7\") })",
			"cannot use \"7\" (untyped string constant) as Told value in argument to told.Emit",
		},
		"handler": {
			"wistro.Event(" + config + ", func(in Told) error { return nil })",
			"in call to wistro.Event, type func(in Told) error",
		},
		"field": {
			"wistro.Event(wistro.EventConfig{Naem: \"A step\"}, func(ctx wistro.Context, in Told) error { return nil })",
			"unknown field Naem in struct literal of type wistro.EventConfig",
		},
		"duration": {
			"wistro.Cron(wistro.CronConfig{Timeout: \"30s\"}, func(ctx wistro.Context) error { return nil })",
			"cannot use \"30s\" (untyped string constant) as ",
		},
		"failure": {
			"wistro.Cron(wistro.CronConfig{OnFailure: \"hold\"}, func(ctx wistro.Context) error { return nil })",
			"cannot use \"hold\" (constant of type string) as wistro.OnFailure value",
		},
		"answer": {
			"wistro.API(wistro.APIConfig{Name: \"A step\"}, func(ctx wistro.Context, request wistro.Request[Told]) " +
				"(wistro.Response[Told], error) { return wistro.OK(7), nil })",
			"cannot use wistro.OK(7)",
		},
		"noop": {
			"wistro.Noop(wistro.NoopConfig{}, func(ctx wistro.Context) error { return nil })",
			"too many arguments in call to wistro.Noop",
		},
	}
	files := map[string]string{"go.mod": "module shop\n\ngo 1.24\n"}
	for name, test := range cases {
		files["steps/"+name+"/a.step.go"] = fmt.Sprintf(head, name) + "var Step = " + test.code + "\n"
	}
	said := problems(found(t, write(t, t.TempDir(), files), discover.Options{}))
	for name, test := range cases {
		if place := "steps/" + name + "/a.step.go:9: "; !strings.Contains(said, place+test.want) {
			t.Errorf("nothing says %s%s:\n%s", place, test.want, said)
		}
	}
}
