package discover

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// sources knows what a step is made of. It reads each file of the project once.
type sources struct {
	module   *goModule
	packages map[string][]*source
}

// source is what a Go file uses.
type source struct {
	path string
	// imports are the folders of the project's packages that it imports.
	imports []string
	// embeds are the patterns of its `//go:embed` lines.
	embeds []string
	// declares and mentions are names: what it declares at the top level, and every name in it.
	declares, mentions map[string]bool
}

func newSources(module *goModule) *sources {
	return &sources{module: module, packages: map[string][]*source{}}
}

// hash changes when the step may behave differently: with its file, what that uses of its package, the
// project's packages that it imports, and the files that these embed or it includes.
func (s *sources) hash(step StepFile, include []string) (string, error) {
	files := map[string]bool{}
	path := filepath.Join(s.module.root, step.Path)
	for _, file := range s.read(step.Folder) {
		if file.path == path {
			s.follow(file, step.Folder, files)
		}
	}
	for _, pattern := range include {
		matching(step.Folder, pattern, files)
	}
	all := make([]string, 0, len(files))
	for file := range files {
		all = append(all, file)
	}
	return hashFiles(s.module.root, all)
}

// follow adds a file and everything that it is made of.
func (s *sources) follow(file *source, folder string, files map[string]bool) {
	if files[file.path] {
		return
	}
	files[file.path] = true
	for _, pattern := range file.embeds {
		matching(folder, pattern, files)
	}
	for _, other := range s.read(folder) {
		// Another step of the package counts when something in it is used.
		if !strings.HasSuffix(other.path, suffix) || uses(file, other) {
			s.follow(other, folder, files)
		}
	}
	for _, imported := range file.imports {
		for _, other := range s.read(imported) {
			s.follow(other, imported, files)
		}
	}
}

// reaches says whether the package in a folder is one of `targets`, or imports one, directly or not.
func (s *sources) reaches(folder string, targets map[string]bool) bool {
	seen := map[string]bool{}
	waiting := []string{folder}
	for len(waiting) > 0 {
		next := waiting[0]
		waiting = waiting[1:]
		if targets[next] {
			return true
		}
		if seen[next] {
			continue
		}
		seen[next] = true
		for _, file := range s.read(next) {
			waiting = append(waiting, file.imports...)
		}
	}
	return false
}

// read is the files of the package in a folder, its tests left out.
func (s *sources) read(folder string) []*source {
	if found, ok := s.packages[folder]; ok {
		return found
	}
	var found []*source
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() && strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			found = append(found, s.parse(filepath.Join(folder, name)))
		}
	}
	s.packages[folder] = found
	return found
}

func (s *sources) parse(path string) *source {
	found := &source{path: path, declares: map[string]bool{}, mentions: map[string]bool{}}
	// Of a file that does not parse, what could be read counts.
	file, _ := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil {
		return found
	}
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			if inside, ok := strings.CutPrefix(imported+"/", s.module.path+"/"); ok {
				found.imports = append(found.imports, filepath.Join(s.module.folder, filepath.FromSlash(inside)))
			}
		}
	}
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if patterns, ok := strings.CutPrefix(comment.Text, "//go:embed "); ok {
				found.embeds = append(found.embeds, strings.Fields(patterns)...)
			}
		}
	}
	for _, declaration := range file.Decls {
		for _, name := range declared(declaration) {
			found.declares[name] = true
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok {
			found.mentions[name.Name] = true
		}
		return true
	})
	return found
}

func declared(declaration ast.Decl) []string {
	var names []string
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		names = append(names, declaration.Name.Name)
	case *ast.GenDecl:
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

func uses(file, other *source) bool {
	for name := range other.declares {
		if file.mentions[name] && !file.declares[name] && name != "_" {
			return true
		}
	}
	return false
}

// matching adds the files that a pattern names; of a folder, everything in it.
func matching(folder, pattern string, files map[string]bool) {
	pattern = strings.TrimPrefix(strings.Trim(pattern, "`\""), "all:")
	found, _ := filepath.Glob(filepath.Join(folder, pattern))
	for _, path := range found {
		_ = filepath.WalkDir(path, func(inner string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				files[inner] = true
			}
			return nil
		})
	}
}

// hashFiles is one hash over names and contents, the same whatever their order. A file that is not there
// counts as an empty one.
func hashFiles(root string, paths []string) (string, error) {
	lines := make([]string, 0, len(paths))
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			name = path
		}
		lines = append(lines, fmt.Sprintf("%s %x\n", filepath.ToSlash(name), sha256.Sum256(content)))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(lines), "")))
	return hex.EncodeToString(sum[:]), nil
}
