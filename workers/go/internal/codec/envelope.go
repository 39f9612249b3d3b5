package codec

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
)

// An envelope is bytes sealed with AES-256-GCM under a flow key (codec/SPEC.md, section 4):
//
//	version (1) | flags (1) | nonce (12) | ciphertext | tag (16)
//
// Version and flags are authenticated together with the key id.
const (
	// MaxPlaintext bounds what is sealed, and what an envelope may decompress to.
	MaxPlaintext = 64 << 20
	// CompressFrom is from how many bytes on plaintext is compressed, where that makes it smaller.
	CompressFrom = 4 << 10

	version     = 1
	flagDeflate = 1
	headerSize  = 2
	nonceSize   = 12
	tagSize     = 16
	smallest    = headerSize + nonceSize + tagSize
)

// Seal encrypts bytes under a fresh random nonce (PayloadTooLarge).
func Seal(key *FlowKey, plaintext []byte) ([]byte, error) {
	if len(plaintext) > MaxPlaintext {
		return nil, tooLarge(MaxPlaintext, fmt.Sprintf("%d bytes", len(plaintext)))
	}
	var flags byte
	if len(plaintext) >= CompressFrom {
		if packed := deflate(plaintext); len(packed) < len(plaintext) {
			plaintext, flags = packed, flagDeflate
		}
	}
	var nonce [nonceSize]byte
	rand.Read(nonce[:])
	return assemble(key, flags, nonce[:], plaintext), nil
}

// assemble builds an envelope from its parts. A nonce used twice breaks the key.
func assemble(key *FlowKey, flags byte, nonce, content []byte) []byte {
	envelope := make([]byte, 0, smallest+len(content))
	envelope = append(envelope, version, flags)
	envelope = append(envelope, nonce...)
	return key.payload.Seal(envelope, nonce, content, associated(key, flags))
}

// Unseal verifies and decrypts an envelope; limit is the most bytes to decompress to.
func Unseal(key *FlowKey, envelope []byte, limit int) ([]byte, error) {
	if len(envelope) > 0 && envelope[0] != version {
		return nil, unknownVersion(fmt.Sprintf("the format version %d", envelope[0]), "version 1")
	}
	if len(envelope) < smallest {
		return nil, &Error{
			Code:    EnvelopeTruncated,
			Message: fmt.Sprintf("The envelope has %d bytes; the smallest has %d.", len(envelope), smallest),
			Hint:    "something cut the payload off on its way or in storage",
		}
	}
	flags := envelope[1]
	if flags&^flagDeflate != 0 {
		return nil, &Error{
			Code:    EnvelopeFlagsUnknown,
			Message: fmt.Sprintf("The envelope has the flags %#04x; this knows %#04x.", flags, flagDeflate),
			Hint:    "a newer Wistro wrote it: upgrade this process",
		}
	}
	nonce := envelope[headerSize : headerSize+nonceSize]
	content, err := key.payload.Open(nil, nonce, envelope[headerSize+nonceSize:], associated(key, flags))
	if err != nil {
		return nil, &Error{
			Code:    EnvelopeTampered,
			Message: fmt.Sprintf("The envelope is not genuine under the key `%s`.", key.ID),
			Hint:    "its bytes or its key id were changed, or the key file belongs to another project",
		}
	}
	if flags&flagDeflate != 0 {
		return inflate(content, limit)
	}
	if len(content) > limit {
		return nil, tooLarge(limit, fmt.Sprintf("%d bytes", len(content)))
	}
	return content, nil
}

func associated(key *FlowKey, flags byte) []byte {
	return append([]byte{version, flags}, key.label...)
}

// A compressor takes more than a megabyte to set up, and can be used again.
var compressors = sync.Pool{New: func() any {
	// Several times faster than the default level, for JSON that comes out about a fifth larger.
	writer, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // Only for a level that does not exist.
	}
	return writer
}}

func deflate(plaintext []byte) []byte {
	writer := compressors.Get().(*flate.Writer)
	defer compressors.Put(writer)
	var packed bytes.Buffer
	packed.Grow(len(plaintext) / 2)
	writer.Reset(&packed)
	// A buffer in memory takes everything that it is given.
	_, _ = writer.Write(plaintext)
	_ = writer.Close()
	return packed.Bytes()
}

func inflate(content []byte, limit int) ([]byte, error) {
	// A reader of single bytes: flate takes no more than its stream has.
	source := bytes.NewReader(content)
	reader := flate.NewReader(source)
	defer reader.Close()
	plaintext, err := io.ReadAll(io.LimitReader(reader, int64(limit)+1))
	switch {
	case len(plaintext) > limit:
		return nil, tooLarge(limit, "more after decompression")
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && source.Len() > 0:
		return nil, corrupt("its compressed content does not end where it should")
	case err != nil:
		return nil, corrupt("its compressed content is malformed")
	}
	return plaintext, nil
}

func tooLarge(limit int, found string) error {
	return &Error{
		Code:    PayloadTooLarge,
		Message: fmt.Sprintf("A payload of at most %d bytes was expected, %s found.", limit, found),
		Hint:    "keep large data in a store of your own and send a reference to it",
	}
}

func corrupt(problem string) error {
	return &Error{
		Code:    EnvelopeCorrupt,
		Message: fmt.Sprintf("The envelope is genuine but %s.", problem),
		Hint:    "its writer has a defect: report which language and version wrote it",
	}
}

func unknownVersion(found, known string) error {
	return &Error{
		Code:    EnvelopeVersionUnknown,
		Message: fmt.Sprintf("The envelope has %s; this reads %s.", found, known),
		Hint:    "a newer Wistro wrote it: upgrade this process",
	}
}
