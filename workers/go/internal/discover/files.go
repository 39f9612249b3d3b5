package discover

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suffix is how a step file's name ends.
const suffix = ".step.go"

// notOurs are folders of installed packages and caches.
var notOurs = []string{"__pycache__", "node_modules", "site-packages", "testdata", "vendor", "venv"}

// appsFolder is where a project has its apps, in a folder each.
const appsFolder = "apps"

// stepFiles are the step files below `src/` and `steps/` of the project and of its apps, relative to the
// project, in order.
func stepFiles(root string, skip []string) ([]string, error) {
	folders, err := sourceFolders(root)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && !isOurs(entry.Name()):
				return filepath.SkipDir
			case !entry.IsDir() && strings.HasSuffix(entry.Name(), suffix):
				name, err := filepath.Rel(root, path)
				if err != nil {
					return err
				}
				if name = filepath.ToSlash(name); !slices.Contains(skip, name) {
					found = append(found, name)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return found, nil
}

// sourceFolders are where step files may be, whether or not they exist.
func sourceFolders(root string) ([]string, error) {
	apps, err := os.ReadDir(filepath.Join(root, appsFolder))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	owners := []string{root}
	for _, entry := range apps {
		if entry.IsDir() && isOurs(entry.Name()) {
			owners = append(owners, filepath.Join(root, appsFolder, entry.Name()))
		}
	}
	var folders []string
	for _, owner := range owners {
		folders = append(folders, filepath.Join(owner, "src"), filepath.Join(owner, "steps"))
	}
	return folders, nil
}

// isOurs says whether a folder may hold sources of the project.
func isOurs(name string) bool {
	return !slices.Contains(notOurs, name) && !strings.HasPrefix(name, ".")
}

// write keeps a file that has this content already as it is: Go's build cache looks at times too.
func write(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(content) {
		return nil
	}
	return os.WriteFile(path, content, 0o600)
}
