package codec

import (
	"os"
	"path/filepath"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

func stored(t *testing.T) (*LocalStorage, *commonpb.Payload, converter.StorageDriverClaim) {
	t.Helper()
	storage := NewLocalStorage(filepath.Join(t.TempDir(), "blobs"))
	payload := &commonpb.Payload{Data: []byte("a large payload")}
	claims, err := storage.Store(converter.StorageDriverStoreContext{Context: t.Context()}, []*commonpb.Payload{payload, payload})
	if err != nil || claims[0].ClaimData["sha256"] != claims[1].ClaimData["sha256"] {
		t.Fatalf("%v, %v", claims, err)
	}
	return storage, payload, claims[0]
}

func retrieve(t *testing.T, storage *LocalStorage, claim converter.StorageDriverClaim) (*commonpb.Payload, error) {
	t.Helper()
	found, err := storage.Retrieve(
		converter.StorageDriverRetrieveContext{Context: t.Context()}, []converter.StorageDriverClaim{claim})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func TestWhatIsStoredIsReadBack(t *testing.T) {
	storage, payload, claim := stored(t)
	found, err := retrieve(t, storage, claim)
	if err != nil || !proto.Equal(found, payload) {
		t.Fatalf("%v, %v", found, err)
	}
	path := storage.path(claim.ClaimData["sha256"])
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("drafts are left: %v, %v", entries, err)
	}
}

func TestStorageRefuses(t *testing.T) {
	storage, _, claim := stored(t)
	for _, digest := range []string{"", "../../../../etc/passwd", "ABCD"} {
		_, err := retrieve(t, storage, converter.StorageDriverClaim{ClaimData: map[string]string{"sha256": digest}})
		expectCode(t, err, StorageReferenceInvalid)
	}
	path := storage.path(claim.ClaimData["sha256"])
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := retrieve(t, storage, claim)
	expectCode(t, err, StorageCorrupt)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err = retrieve(t, storage, claim)
	expectCode(t, err, StorageMissing)
}
