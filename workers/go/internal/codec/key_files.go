package codec

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// InlineVariable holds the text of a key file, for containers that get secrets as variables.
	InlineVariable = "WISTRO_KEYS"
	// PathVariable names a key file.
	PathVariable = "WISTRO_KEYS_FILE"

	refreshEvery = time.Second
)

// LoadKeys finds the keys of this process: in WISTRO_KEYS, in the file that WISTRO_KEYS_FILE names,
// or in the project's own file at defaultPath. It makes none: the project's key is made by Wistro
// when the project is first run.
func LoadKeys(defaultPath string, getenv func(string) string, log *slog.Logger) (Keys, error) {
	if inline := getenv(InlineVariable); inline != "" {
		return ParseKeys([]byte(inline), "the variable "+InlineVariable)
	}
	path := defaultPath
	if named := getenv(PathVariable); named != "" {
		path = expandHome(named)
	}
	return OpenKeyFile(path, log)
}

// KeyFile is keys kept in a file, followed while it changes: a rotation reaches the processes that
// share the file within a second, and at once those that meet a payload under a key they have not
// seen.
type KeyFile struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	keys    Keys
	stamp   stamp
	checked time.Time
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
	file     os.FileInfo
}

func (s stamp) same(other stamp) bool {
	return s.modified.Equal(other.modified) && s.size == other.size && os.SameFile(s.file, other.file)
}

// OpenKeyFile reads a key file that only its owner may be able to read.
func OpenKeyFile(path string, log *slog.Logger) (*KeyFile, error) {
	keys, found, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	return &KeyFile{path: path, log: log, keys: keys, stamp: found, checked: time.Now()}, nil
}

// Active implements Keys.
func (f *KeyFile) Active(tenant, flow string) (*FlowKey, error) {
	f.mu.Lock()
	if time.Since(f.checked) > refreshEvery {
		f.checked = time.Now()
		f.refresh()
	}
	keys := f.keys
	f.mu.Unlock()
	return keys.Active(tenant, flow)
}

// Get implements Keys.
func (f *KeyFile) Get(id string) (*FlowKey, error) {
	f.mu.Lock()
	keys := f.keys
	f.mu.Unlock()
	key, err := keys.Get(id)
	if CodeOf(err) != KeyUnknown {
		return key, err
	}
	f.mu.Lock()
	f.refresh()
	keys = f.keys
	f.mu.Unlock()
	return keys.Get(id)
}

// History implements Keys.
func (f *KeyFile) History(tenant, flow string) ([]*FlowKey, error) {
	f.mu.Lock()
	keys := f.keys
	f.mu.Unlock()
	return keys.History(tenant, flow)
}

// refresh reads the file again when it has changed. The keys in hand stay good when it cannot be
// read: the process must not fall over a bad edit.
func (f *KeyFile) refresh() {
	info, err := os.Stat(f.path)
	if err == nil && stampOf(info).same(f.stamp) {
		return
	}
	keys, found, err := readKeyFile(f.path)
	if err != nil {
		f.log.Warn("the key file cannot be read again", "path", f.path, "error", err.Error())
		return
	}
	f.keys, f.stamp = keys, found
}

func readKeyFile(path string) (Keys, stamp, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, stamp{}, &Error{
			Code:      KeyFileMissing,
			Message:   fmt.Sprintf("The key file `%s` is not there.", path),
			Hint:      fmt.Sprintf("mount it, correct %s, or start the project with `wistro dev`", PathVariable),
			Retryable: true,
		}
	}
	if err != nil {
		return nil, stamp{}, badPermissions(path, "cannot be read")
	}
	defer file.Close()
	// The open file is asked, not its path, so that nothing can be swapped in between.
	info, err := file.Stat()
	if err != nil {
		return nil, stamp{}, badPermissions(path, "cannot be read")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, stamp{}, badPermissions(path, fmt.Sprintf("has the mode %04o", mode))
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, stamp{}, badPermissions(path, "cannot be read")
	}
	keys, err := ParseKeys(content, "`"+path+"`")
	return keys, stampOf(info), err
}

func stampOf(info os.FileInfo) stamp {
	return stamp{modified: info.ModTime(), size: info.Size(), file: info}
}

func expandHome(path string) string {
	rest, found := strings.CutPrefix(path, "~/")
	if home, err := os.UserHomeDir(); found && err == nil {
		return filepath.Join(home, rest)
	}
	return path
}

func badPermissions(path, problem string) error {
	return &Error{
		Code:    KeyFilePermissions,
		Message: fmt.Sprintf("The key file `%s` %s; only its owner may be able to read it.", path, problem),
		Hint:    fmt.Sprintf("run `chmod 600 %s`, or pass its text in %s", path, InlineVariable),
	}
}
