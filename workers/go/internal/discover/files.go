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

// stepFiles are the step files below `src/` and `steps/`, relative to the project, in order.
func stepFiles(root string, skip []string) ([]string, error) {
	var found []string
	for _, folder := range []string{"src", "steps"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && (slices.Contains(notOurs, entry.Name()) || strings.HasPrefix(entry.Name(), ".")):
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

// write keeps a file that has this content already as it is: Go's build cache looks at times too.
func write(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(content) {
		return nil
	}
	return os.WriteFile(path, content, 0o600)
}
