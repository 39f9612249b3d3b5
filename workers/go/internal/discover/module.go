package discover

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// version stands for the sources that a `replace` points to.
const version = "v0.0.0-00010101000000-000000000000"

// goModule is the Go module that the steps are in.
type goModule struct {
	// root is the project, which may be a folder of the module.
	root string
	// folder is where its go.mod is.
	folder string
	// path is its name.
	path string
	// file is its go.mod.
	file *modfile.File
	// cache is where the tool's own files are.
	cache string
}

// errNoModule is of a project without a go.mod.
var errNoModule = errors.New("no go.mod")

// openModule reads the go.mod of a project: its own, or the nearest one above.
func openModule(root string) (*goModule, error) {
	folder := enclosing(root, "go.mod")
	if folder == "" {
		return nil, errNoModule
	}
	path := filepath.Join(folder, "go.mod")
	file, err := readModule(path)
	if err != nil {
		return nil, err
	}
	if file.Module == nil {
		return nil, fmt.Errorf("`%s` has no `module` line", path)
	}
	return &goModule{
		root:   root,
		folder: folder,
		path:   file.Module.Mod.Path,
		file:   file,
		cache:  filepath.Join(root, ".wistro", "cache", "go"),
	}, nil
}

func readModule(path string) (*modfile.File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return modfile.Parse("go.mod", text, nil)
}

// enclosing is the nearest folder with a file of that name, "" when there is none.
func enclosing(folder, name string) string {
	for {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil && !info.IsDir() {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			return ""
		}
		folder = above
	}
}

// importPath is how Go calls the package in a folder of the module.
func (m *goModule) importPath(folder string) string {
	relative, err := filepath.Rel(m.folder, folder)
	if err != nil || relative == "." {
		return m.path
	}
	return m.path + "/" + filepath.ToSlash(relative)
}

// modFile writes the go.mod that the worker is built with, and returns its path: the project's own, with
// this module and everything that the worker needs. The project's stays as its author wrote it, and works
// though nobody published this module.
func (m *goModule) modFile() (string, error) {
	sources, err := sourceTree()
	if err != nil {
		return "", err
	}
	ours, err := readModule(filepath.Join(sources, "go.mod"))
	if err != nil {
		return "", err
	}
	path := filepath.Join(m.cache, "go.mod")
	if current, err := m.upToDate(path, sources); current || err != nil {
		return path, err
	}
	text, err := m.merged(ours, sources)
	if err != nil {
		return "", err
	}
	if err := write(path, text); err != nil {
		return "", err
	}
	sums, err := mergedSums(filepath.Join(m.folder, "go.sum"), filepath.Join(sources, "go.sum"))
	if err != nil {
		return "", err
	}
	return path, write(filepath.Join(m.cache, "go.sum"), sums)
}

// upToDate says whether the written go.mod was made from what is there now. Go itself may have completed
// it since, so its content cannot be compared.
func (m *goModule) upToDate(path, sources string) (bool, error) {
	inputs := []string{filepath.Join(m.folder, "go.mod"), filepath.Join(m.folder, "go.sum"),
		filepath.Join(sources, "go.mod"), filepath.Join(sources, "go.sum")}
	if work := enclosing(m.folder, "go.work"); work != "" {
		inputs = append(inputs, filepath.Join(work, "go.work"))
	}
	now, err := hashFiles(m.folder, inputs)
	if err != nil {
		return false, err
	}
	mark := filepath.Join(m.cache, "inputs")
	before, _ := os.ReadFile(mark)
	if _, err := os.Stat(path); err == nil && string(before) == now {
		return true, nil
	}
	return false, write(mark, []byte(now))
}

func (m *goModule) merged(ours *modfile.File, sources string) ([]byte, error) {
	merged, err := modfile.Parse("go.mod", modfile.Format(m.file.Syntax), nil)
	if err != nil {
		return nil, err
	}
	for _, replace := range m.file.Replace {
		if err := absolute(merged, replace, m.folder); err != nil {
			return nil, err
		}
	}
	if err := m.joinWorkspace(merged); err != nil {
		return nil, err
	}
	if err := require(merged, ours, sources); err != nil {
		return nil, err
	}
	merged.Cleanup()
	return merged.Format()
}

// require adds this module, and the versions that its worker needs where the project has older ones.
func require(merged, ours *modfile.File, sources string) error {
	if !replacedByFolder(merged) {
		if err := merged.AddReplace(modulePath, "", sources, ""); err != nil {
			return err
		}
		if err := merged.AddRequire(modulePath, version); err != nil {
			return err
		}
	}
	wanted := map[string]string{}
	for _, each := range append(slices.Clone(merged.Require), ours.Require...) {
		if semver.Compare(each.Mod.Version, wanted[each.Mod.Path]) > 0 {
			wanted[each.Mod.Path] = each.Mod.Version
		}
	}
	for _, each := range ours.Require {
		if err := merged.AddRequire(each.Mod.Path, wanted[each.Mod.Path]); err != nil {
			return err
		}
	}
	if merged.Go == nil || semver.Compare("v"+merged.Go.Version, "v"+ours.Go.Version) < 0 {
		return merged.AddGoStmt(ours.Go.Version)
	}
	return nil
}

// replacedByFolder says whether the project names a folder of its own for this module.
func replacedByFolder(file *modfile.File) bool {
	for _, replace := range file.Replace {
		if replace.Old.Path == modulePath && replace.New.Version == "" {
			_, err := os.Stat(filepath.Join(replace.New.Path, "go.mod"))
			return err == nil
		}
	}
	return false
}

// absolute lets a `replace` by a folder point there from anywhere.
func absolute(merged *modfile.File, replace *modfile.Replace, folder string) error {
	if replace.New.Version != "" || filepath.IsAbs(replace.New.Path) {
		return nil
	}
	path := filepath.Join(folder, replace.New.Path)
	return merged.AddReplace(replace.Old.Path, replace.Old.Version, path, "")
}

// joinWorkspace adds the modules of a go.work: another go.mod cannot be given within a workspace.
func (m *goModule) joinWorkspace(merged *modfile.File) error {
	folder := enclosing(m.folder, "go.work")
	if folder == "" || os.Getenv("GOWORK") == "off" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(folder, "go.work"))
	if err != nil {
		return err
	}
	work, err := modfile.ParseWork(filepath.Join(folder, "go.work"), text, nil)
	if err != nil {
		return err
	}
	for _, use := range work.Use {
		path := use.Path
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, path)
		}
		file, err := readModule(filepath.Join(path, "go.mod"))
		if err != nil || file.Module == nil || path == m.folder {
			continue
		}
		if err := merged.AddReplace(file.Module.Mod.Path, "", path, ""); err != nil {
			return err
		}
		if err := merged.AddRequire(file.Module.Mod.Path, placeholder(file.Module.Mod.Path)); err != nil {
			return err
		}
	}
	return nil
}

// placeholder is a version that a path may have: one that ends in `/v2` needs a v2.
func placeholder(path string) string {
	_, major, _ := module.SplitPathVersion(path)
	if major == "" {
		return version
	}
	return strings.TrimLeft(major, "/.") + strings.TrimPrefix(version, "v0")
}

func mergedSums(paths ...string) ([]byte, error) {
	var lines []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			lines = append(lines, strings.TrimSpace(string(line)))
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(slices.Compact(lines), "\n") + "\n"), nil
}

// sourceTree is where the sources of this module are: the tool is run from them.
func sourceTree() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	folder := filepath.Dir(filepath.Dir(filepath.Dir(file)))
	if _, err := os.Stat(filepath.Join(folder, "go.mod")); err != nil {
		return "", fmt.Errorf("the sources of `%s` are not in `%s`\nhint: run the tool with `go run`, without `-trimpath`", modulePath, folder)
	}
	return folder, nil
}
