package codec

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func keyFile(t *testing.T, text []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, text, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestKeysAreFound(t *testing.T) {
	given := vectors[keyVectors](t, "keys.json")
	path := keyFile(t, given.Ring, 0o600)
	for name, environment := range map[string]map[string]string{
		"at the default place": {},
		"in a named file":      {PathVariable: path},
		"in a variable":        {InlineVariable: string(given.Export), PathVariable: "/not/there"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := LoadKeys(path, func(name string) string { return environment[name] }, slog.Default())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := keys.Active(DefaultTenant, "orders"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeyFilesAreRefused(t *testing.T) {
	given := vectors[keyVectors](t, "keys.json")
	_, err := OpenKeyFile(filepath.Join(t.TempDir(), "keys.json"), slog.Default())
	expectCode(t, err, KeyFileMissing)
	_, err = OpenKeyFile(keyFile(t, given.Ring, 0o640), slog.Default())
	expectCode(t, err, KeyFilePermissions)
	_, err = OpenKeyFile(keyFile(t, []byte("{"), 0o600), slog.Default())
	expectCode(t, err, KeyFileInvalid)
}

func TestAChangedFileIsNoticed(t *testing.T) {
	given := vectors[keyVectors](t, "keys.json")
	path := keyFile(t, given.Export, 0o600)
	keys, err := OpenKeyFile(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.Get("k1/default/billing")
	expectCode(t, err, KeyUnknown)
	draft := keyFile(t, given.Ring, 0o600)
	if err := os.Rename(draft, path); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Get("k1/default/billing"); err != nil {
		t.Error("an unknown key did not lead to the new file:", err)
	}

	if err := os.WriteFile(path, []byte("a bad edit"), 0o600); err != nil {
		t.Fatal(err)
	}
	keys.checked = time.Now().Add(-time.Minute)
	if _, err := keys.Active(DefaultTenant, "billing"); err != nil {
		t.Error("a bad edit took the keys in hand away:", err)
	}
}
