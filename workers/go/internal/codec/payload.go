package codec

import (
	"fmt"
	"strings"
	"unicode/utf8"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	// Encoding is what sealed payloads say they are.
	Encoding = "binary/wistro.v1"
	// KeyIDField is the metadata field that names the key.
	KeyIDField = "encryption-key-id"

	family = "binary/wistro."
)

// Codec encrypts every payload of a run with the key of its flow.
//
// The flow is read from the workflow id that Temporal gives as the serialization context; a payload
// without a workflow belongs to the reserved project flow. Decoding needs no context: the payload
// names its key.
type Codec struct {
	keys Keys
	flow string
}

var (
	_ converter.PayloadCodec                         = (*Codec)(nil)
	_ converter.PayloadCodecWithSerializationContext = (*Codec)(nil)
)

// New is a codec outside of any run.
func New(keys Keys) *Codec { return &Codec{keys: keys, flow: ProjectFlow} }

// ForFlow is the codec that encrypts with the key of a flow.
func (c *Codec) ForFlow(flow string) *Codec {
	if flow == c.flow {
		return c
	}
	return &Codec{keys: c.keys, flow: flow}
}

// WithSerializationContext binds the codec to the flow of the workflow in the context.
func (c *Codec) WithSerializationContext(context converter.SerializationContext) converter.PayloadCodec {
	switch found := context.(type) {
	case converter.WorkflowSerializationContext:
		return c.ForFlow(FlowOfWorkflow(found.WorkflowID))
	case converter.ActivitySerializationContext:
		return c.ForFlow(FlowOfWorkflow(found.WorkflowID))
	default:
		return c.ForFlow(ProjectFlow)
	}
}

// Encode seals payloads; one that is sealed already stays as it is.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	key, err := c.keys.Active(DefaultTenant, c.flow)
	if err != nil {
		return nil, err
	}
	sealed := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		if sealed[i], err = seal(key, payload); err != nil {
			return nil, err
		}
	}
	return sealed, nil
}

// Decode opens sealed payloads; those of other encodings stay as they are.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		var err error
		if opened[i], err = c.open(payload); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

func seal(key *FlowKey, payload *commonpb.Payload) (*commonpb.Payload, error) {
	if done, err := isSealed(payload); done || err != nil {
		return payload, err
	}
	plaintext, err := proto.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("serialize a payload: %w", err)
	}
	envelope, err := Seal(key, plaintext)
	if err != nil {
		return nil, err
	}
	return &commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding: []byte(Encoding),
			KeyIDField:                 key.label,
		},
		Data: envelope,
	}, nil
}

func (c *Codec) open(payload *commonpb.Payload) (*commonpb.Payload, error) {
	if sealed, err := isSealed(payload); !sealed || err != nil {
		return payload, err
	}
	id := payload.GetMetadata()[KeyIDField]
	if !utf8.Valid(id) {
		return nil, &Error{
			Code:    KeyIDInvalid,
			Message: fmt.Sprintf("The metadata field `%s` is no UTF-8 text.", KeyIDField),
			Hint:    "the payload was not written by Wistro",
		}
	}
	key, err := c.keys.Get(string(id))
	if err != nil {
		return nil, err
	}
	plaintext, err := Unseal(key, payload.GetData(), MaxPlaintext)
	if err != nil {
		return nil, err
	}
	opened := &commonpb.Payload{}
	if err := proto.Unmarshal(plaintext, opened); err != nil {
		return nil, corrupt("holds no Temporal payload")
	}
	return opened, nil
}

// isSealed tells envelopes of ours; those of a later version of ours are refused, because passing
// them on would hand ciphertext to a step as if it were data.
func isSealed(payload *commonpb.Payload) (bool, error) {
	encoding := string(payload.GetMetadata()[converter.MetadataEncoding])
	if encoding == Encoding {
		return true, nil
	}
	if strings.HasPrefix(encoding, family) {
		return false, unknownVersion(fmt.Sprintf("the encoding %.64q", encoding), Encoding)
	}
	return false, nil
}
