package codec

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

var ofOrders = converter.ActivitySerializationContext{WorkflowID: "orders/0af7"}

func TestPayloadsAreSealedWithTheKeyOfTheirFlow(t *testing.T) {
	data := DataConverter(ring(t))
	for _, c := range []struct {
		context converter.SerializationContext
		key     string
	}{
		{ofOrders, "k2/default/orders"},
		{converter.WorkflowSerializationContext{WorkflowID: "billing/1"}, "k2/default/billing"},
		{converter.NexusSerializationContext{}, "k2/default/_project"},
	} {
		sealed, err := converter.WithDataConverterSerializationContext(data, c.context).ToPayload("a secret")
		if err != nil {
			t.Fatal(err)
		}
		if key := string(sealed.Metadata[KeyIDField]); key != c.key {
			t.Errorf("sealed with %s, expected %s", key, c.key)
		}
		var opened string
		if err := data.FromPayload(sealed, &opened); err != nil || opened != "a secret" {
			t.Errorf("%q, %v", opened, err)
		}
	}
}

func TestASealedPayloadIsNotSealedAgain(t *testing.T) {
	codec := New(ring(t))
	once, err := codec.Encode([]*commonpb.Payload{{Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	twice, err := codec.Encode(once)
	if err != nil || twice[0] != once[0] {
		t.Fatalf("%v, %v", twice, err)
	}
}

func TestLargePayloadsAreCompressed(t *testing.T) {
	key, err := ring(t).Active(DefaultTenant, "orders")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // The compressor is used again.
		text := []byte(strings.Repeat("all work and no play ", 10_000))
		sealed, err := Seal(key, text)
		if err != nil || len(sealed) > len(text)/10 {
			t.Fatalf("%d bytes, %v", len(sealed), err)
		}
		if opened, err := Unseal(key, sealed, MaxPlaintext); err != nil || !bytes.Equal(opened, text) {
			t.Fatalf("%d bytes, %v", len(opened), err)
		}
	}
}

func TestFailuresTellNothing(t *testing.T) {
	failures := converter.WithFailureConverterSerializationContext(
		FailureConverter(DataConverter(ring(t))), ofOrders)
	failure := failures.ErrorToFailure(temporal.NewApplicationErrorWithOptions(
		"a secret", "CardDeclined", temporal.ApplicationErrorOptions{Details: []any{"a secret"}}))
	if strings.Contains(failure.String(), "a secret") {
		t.Fatalf("told: %v", failure)
	}
	if key := string(failure.EncodedAttributes.Metadata[KeyIDField]); key != "k2/default/orders" {
		t.Errorf("sealed with %s", key)
	}
	var back *temporal.ApplicationError
	if !errors.As(failures.FailureToError(failure), &back) || back.Message() != "a secret" {
		t.Errorf("%v", back)
	}
}

func TestAFailureThatCannotBeEncryptedIsNotToldAtAll(t *testing.T) {
	export, err := ParseKeys(vectors[keyVectors](t, "keys.json").Export, "keys.json")
	if err != nil {
		t.Fatal(err)
	}
	failures := FailureConverter(DataConverter(export)) // Has no key of `_project`.
	failure := failures.ErrorToFailure(errors.New("a secret"))
	if failure.GetApplicationFailureInfo().GetType() != "key_unknown" || strings.Contains(failure.String(), "a secret") {
		t.Fatalf("%v", failure)
	}
}
