package discover

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// modulePath is what step files import.
const modulePath = "wistro.dev/go"

// constructors are the functions that make a step.
var constructors = map[string]bool{
	"API": true, "Event": true, "EventResult": true, "Cron": true, "CronResult": true, "Call": true, "Noop": true,
}

// StepFile is a file with the one step that it declares.
type StepFile struct {
	// Path is relative to the project.
	Path string
	// Folder is where the file is.
	Folder string
	// Variable is the exported variable that holds the step.
	Variable string
	// Line is where it is declared.
	Line int
}

// variable is a top-level variable of a file that holds a step.
type variable struct {
	name string
	line int
}

// parse finds the step of a file.
func parse(root, path string) (StepFile, *Problem) {
	file := StepFile{Path: path, Folder: filepath.Join(root, filepath.Dir(path))}
	if problem := ignored(file); problem != nil {
		return file, problem
	}
	files := token.NewFileSet()
	syntax, err := parser.ParseFile(files, filepath.Join(root, path), nil, parser.SkipObjectResolution)
	if err != nil {
		return file, syntaxProblem(path, err)
	}
	if syntax.Name.Name == "main" {
		return file, &Problem{
			Path: path, Line: files.Position(syntax.Name.Pos()).Line,
			Error: fmt.Sprintf("`%s` is in `package main`, which the worker cannot import", path),
			Hint:  "name the package after its folder, such as `package steps`",
		}
	}
	found := variables(syntax, files)
	if problem := choose(path, found); problem != nil {
		return file, problem
	}
	file.Variable, file.Line = found[0].name, found[0].line
	return file, nil
}

// ignored is why Go would not look at the file, whatever stands in it.
func ignored(file StepFile) *Problem {
	name := filepath.Base(file.Path)
	if strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") {
		return &Problem{
			Path: file.Path, Error: fmt.Sprintf("`%s` starts with `%c`: Go ignores it", file.Path, name[0]),
			Hint: "rename the file",
		}
	}
	if matched, err := build.Default.MatchFile(file.Folder, name); err == nil && !matched {
		return &Problem{
			Path: file.Path, Error: fmt.Sprintf("`%s` is not built on %s/%s", file.Path, build.Default.GOOS, build.Default.GOARCH),
			Hint: "rename it if its name ends like `_windows` or `_arm64`, or change its `//go:build` line",
		}
	}
	return nil
}

func syntaxProblem(path string, err error) *Problem {
	problem := &Problem{Path: path, Error: fmt.Sprintf("`%s` is no Go file: %v", path, err), syntax: true}
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		problem.Line = list[0].Pos.Line
		problem.Error = fmt.Sprintf("`%s` is no Go file: %s", path, list[0].Msg)
	}
	return problem
}

func choose(path string, found []variable) *Problem {
	switch {
	case len(found) == 0:
		return &Problem{
			Path: path, Line: 1, Error: fmt.Sprintf("`%s` declares no step", path),
			Hint: "add `var Name = wistro.Event(wistro.EventConfig{…}, handler)`, or `API`, `Cron`, `Call`, `Noop`",
		}
	case len(found) > 1:
		return &Problem{
			Path: path, Line: found[1].line,
			Error: fmt.Sprintf("`%s` declares %d steps, `%s` and `%s`; expected one", path, len(found), found[0].name, found[1].name),
			Hint:  "move each step to a file of its own; they may stay in the same package",
		}
	case !ast.IsExported(found[0].name):
		return &Problem{
			Path: path, Line: found[0].line,
			Error: fmt.Sprintf("the step `%s` is not exported, so the worker cannot use it", found[0].name),
			Hint:  fmt.Sprintf("call it `%s`", exported(found[0].name)),
		}
	default:
		return nil
	}
}

func exported(name string) string {
	name = strings.TrimLeft(name, "_")
	if name == "" {
		return "Step"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// variables are the top-level variables of a file that hold a step: made by one of the constructors, or
// declared as `*wistro.Step`.
func variables(file *ast.File, files *token.FileSet) []variable {
	name := importedAs(file)
	if name == "" {
		return nil
	}
	var found []variable
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			values := spec.(*ast.ValueSpec)
			for i, each := range values.Names {
				typed := values.Type != nil && isStep(values.Type, name)
				made := i < len(values.Values) && isConstructor(values.Values[i], name)
				if typed || made {
					found = append(found, variable{each.Name, files.Position(each.Pos()).Line})
				}
			}
		}
	}
	return found
}

// importedAs is the name under which the file knows this module's package; "" when it does not import it.
func importedAs(file *ast.File) string {
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && path == modulePath {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return "wistro"
		}
	}
	return ""
}

func isStep(expression ast.Expr, name string) bool {
	pointer, ok := expression.(*ast.StarExpr)
	return ok && selects(pointer.X, name) == "Step"
}

func isConstructor(expression ast.Expr, name string) bool {
	call, ok := expression.(*ast.CallExpr)
	if !ok {
		return false
	}
	function := call.Fun
	switch generic := function.(type) {
	case *ast.IndexExpr:
		function = generic.X
	case *ast.IndexListExpr:
		function = generic.X
	}
	return constructors[selects(function, name)]
}

// selects is X in `name.X`, and in a plain `X` when the package is imported as `.`.
func selects(expression ast.Expr, name string) string {
	switch expression := expression.(type) {
	case *ast.SelectorExpr:
		if of, ok := expression.X.(*ast.Ident); ok && of.Name == name {
			return expression.Sel.Name
		}
	case *ast.Ident:
		if name == "." {
			return expression.Name
		}
	}
	return ""
}
