package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	ringFormat   = "wistro-keys/1"
	exportFormat = "wistro-flow-keys/1"
)

// record is an entry of a key file: a master, or an exported flow key.
type record struct {
	id      string
	created time.Time
	secret  []byte
}

// ParseKeys reads the text of a key file: a ring of masters, or an export of flow keys.
// Source says where it came from, for errors (KeyFileInvalid).
func ParseKeys(text []byte, source string) (Keys, error) {
	keys, err := parseKeys(text)
	if err != nil {
		return nil, &Error{
			Code:    KeyFileInvalid,
			Message: fmt.Sprintf("%s is not a key file: %s.", source, problem(err)),
			Hint:    "restore it from a backup; without its masters old payloads cannot be read",
		}
	}
	return keys, nil
}

func parseKeys(text []byte) (Keys, error) {
	var present map[string]json.RawMessage
	if err := decodeStrictly(text, &present); err != nil || present == nil {
		return nil, errors.New("a JSON object was expected")
	}
	if _, export := present["keys"]; export {
		return parseExport(present)
	}
	return parseRing(present)
}

func parseRing(document map[string]json.RawMessage) (Keys, error) {
	active, records, err := parseDocument(document, ringFormat, "masters")
	if err != nil {
		return nil, err
	}
	masters := make([]Master, len(records))
	for i, r := range records {
		if !masterID.MatchString(r.id) {
			return nil, fmt.Errorf("%q is not the id of a master", r.id)
		}
		masters[i] = Master{ID: r.id, Created: r.created, secret: r.secret}
	}
	return newKeyRing(masters, active)
}

func parseExport(document map[string]json.RawMessage) (Keys, error) {
	active, records, err := parseDocument(document, exportFormat, "keys")
	if err != nil {
		return nil, err
	}
	keys := make([]*FlowKey, len(records))
	for i, r := range records {
		id, err := ParseKeyID(r.id)
		if err != nil {
			return nil, err
		}
		keys[i] = newFlowKey(id, r.created, r.secret)
	}
	return newFlowKeys(keys, active), nil
}

func parseDocument(
	document map[string]json.RawMessage, format, list string,
) (active string, records []record, err error) {
	if err := onlyFields(document, "format", "active", list); err != nil {
		return "", nil, err
	}
	found, err := text(document, "format")
	if err != nil {
		return "", nil, err
	}
	if found != format {
		return "", nil, fmt.Errorf("the format `%s` was expected, %q found", format, found)
	}
	if active, err = text(document, "active"); err != nil {
		return "", nil, err
	}
	if !masterID.MatchString(active) {
		return "", nil, fmt.Errorf("`active` must be the id of a master, %q found", active)
	}
	var entries []map[string]json.RawMessage
	if err := json.Unmarshal(document[list], &entries); err != nil || entries == nil {
		return "", nil, fmt.Errorf("`%s` must be a list of objects", list)
	}
	for _, entry := range entries {
		parsed, err := parseRecord(entry)
		if err != nil {
			return "", nil, err
		}
		if slices.ContainsFunc(records, func(r record) bool { return r.id == parsed.id }) {
			return "", nil, fmt.Errorf("two of the `%s` have the same id", list)
		}
		records = append(records, parsed)
	}
	return active, records, nil
}

func parseRecord(entry map[string]json.RawMessage) (record, error) {
	if err := onlyFields(entry, "id", "created", "secret"); err != nil {
		return record{}, err
	}
	id, err := text(entry, "id")
	if err != nil {
		return record{}, err
	}
	moment, err := text(entry, "created")
	if err != nil {
		return record{}, err
	}
	created, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		return record{}, fmt.Errorf("`created` of the key `%s` is no RFC 3339 time with an offset", id)
	}
	encoded, err := text(entry, "secret")
	if err != nil {
		return record{}, err
	}
	secret, err := base64.StdEncoding.DecodeString(encoded)
	// The decoder skips line breaks, which are not base64 here.
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return record{}, fmt.Errorf("the secret of the key `%s` is not base64", id)
	}
	if len(secret) != keySize {
		return record{}, fmt.Errorf("the secret of the key `%s` must have %d bytes", id, keySize)
	}
	return record{id: id, created: created, secret: secret}, nil
}

// onlyFields refuses fields that are missing, and those that a writer would lose.
func onlyFields(object map[string]json.RawMessage, names ...string) error {
	for name := range object {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the field `%s` is unknown", name)
		}
	}
	for _, name := range names {
		if _, found := object[name]; !found {
			return fmt.Errorf("the field `%s` is missing", name)
		}
	}
	return nil
}

func text(object map[string]json.RawMessage, name string) (string, error) {
	var value *string
	if err := json.Unmarshal(object[name], &value); err != nil || value == nil {
		return "", fmt.Errorf("`%s` must be text", name)
	}
	return *value, nil
}

// decodeStrictly decodes one JSON value with nothing after it.
func decodeStrictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more after the JSON value")
	}
	return nil
}

func problem(err error) string {
	var ours *Error
	if errors.As(err, &ours) {
		return strings.TrimSuffix(ours.Message, ".")
	}
	return err.Error()
}
