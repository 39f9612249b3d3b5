package codec

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	driverName = "wistro.local"
	claimField = "sha256"
)

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// LocalStorage keeps payloads that are too large for Temporal as files under their content's hash,
// in a folder that all processes of a project share.
//
// A payload is stored before the reference to it is sent, and never changes: a file appears whole
// and on disk, or not at all. Nothing is deleted: a file is needed for as long as Temporal keeps
// the history that refers to it.
type LocalStorage struct {
	folder string
}

var _ converter.StorageDriver = (*LocalStorage)(nil)

// NewLocalStorage keeps payloads in folder, which is made when it is first needed.
func NewLocalStorage(folder string) *LocalStorage { return &LocalStorage{folder: folder} }

// Name is the name that references carry.
func (*LocalStorage) Name() string { return driverName }

// Type is the same in every language.
func (*LocalStorage) Type() string { return driverName }

// Store writes payloads and returns their hashes as claims.
func (s *LocalStorage) Store(
	ctx converter.StorageDriverStoreContext, payloads []*commonpb.Payload,
) ([]converter.StorageDriverClaim, error) {
	stored := make([]converter.StorageDriverClaim, len(payloads))
	for i, payload := range payloads {
		err := ctx.GetLimiter().Permit(ctx.Context, payload, func() (err error) {
			stored[i], err = s.store(payload)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// Retrieve reads payloads back (StorageMissing, StorageCorrupt, StorageReferenceInvalid).
func (s *LocalStorage) Retrieve(
	ctx converter.StorageDriverRetrieveContext, stored []converter.StorageDriverClaim,
) ([]*commonpb.Payload, error) {
	payloads := make([]*commonpb.Payload, len(stored))
	for i, claim := range stored {
		err := ctx.GetLimiter().Permit(ctx.Context, claim, func() (err error) {
			payloads[i], err = s.retrieve(claim)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

func (s *LocalStorage) store(payload *commonpb.Payload) (converter.StorageDriverClaim, error) {
	data, err := proto.Marshal(payload)
	if err != nil {
		return converter.StorageDriverClaim{}, fmt.Errorf("serialize a payload: %w", err)
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	path := s.path(digest)
	if _, err := os.Stat(path); err != nil {
		if err := s.write(path, data); err != nil {
			return converter.StorageDriverClaim{}, fmt.Errorf("store the payload `%s`: %w", digest, err)
		}
	}
	return converter.StorageDriverClaim{ClaimData: map[string]string{claimField: digest}}, nil
}

func (s *LocalStorage) write(path string, data []byte) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, ".*") // With mode 0600.
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(draft.Name())
		}
	}()
	_, err = draft.Write(data)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err = os.Rename(draft.Name(), path); err != nil {
		return err
	}
	return errors.Join(syncFolder(folder), syncFolder(s.folder))
}

func (s *LocalStorage) retrieve(claim converter.StorageDriverClaim) (*commonpb.Payload, error) {
	digest := claim.ClaimData[claimField]
	// The claim comes out of a history: it must not be able to name any other file.
	if !digestPattern.MatchString(digest) {
		return nil, &Error{
			Code:    StorageReferenceInvalid,
			Message: fmt.Sprintf("A claim with a `%s` of 64 hex digits was expected.", claimField),
			Hint:    "configure the storage driver that the payload was written with",
		}
	}
	data, err := os.ReadFile(s.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{
			Code:      StorageMissing,
			Message:   fmt.Sprintf("The stored payload `%s` is not in `%s`.", digest, s.folder),
			Hint:      "every process of a project must see the same storage folder",
			Retryable: true,
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the stored payload `%s`: %w", digest, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != digest {
		return nil, damaged(fmt.Sprintf("The stored payload `%s` does not have that hash any more.", digest))
	}
	payload := &commonpb.Payload{}
	if err := proto.Unmarshal(data, payload); err != nil {
		return nil, damaged(fmt.Sprintf("The stored file `%s` holds no Temporal payload.", digest))
	}
	return payload, nil
}

func (s *LocalStorage) path(digest string) string {
	return filepath.Join(s.folder, digest[:2], digest[2:])
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func damaged(message string) error {
	return &Error{
		Code:    StorageCorrupt,
		Message: message,
		Hint:    "restore the file from a backup of the storage folder",
	}
}
