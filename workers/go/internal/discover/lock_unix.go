//go:build unix

package discover

import (
	"os"
	"path/filepath"
	"syscall"
)

// lock lets one process at a time build a project: `wistro check` beside `wistro dev`, say. The operating
// system lets go of it when the process ends.
func lock(module *goModule) (release func(), err error) {
	file, err := os.OpenFile(filepath.Join(module.cache, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}
