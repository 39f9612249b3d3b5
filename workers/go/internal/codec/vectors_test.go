package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// vectors reads a file that every implementation of the codec is held to.
func vectors[T any](t *testing.T, name string) T {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "codec", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var found T
	if err := json.Unmarshal(content, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

type keyVectors struct {
	Ring, Export json.RawMessage
	Derivations  []struct {
		KeyID      string `json:"key_id"`
		Master     string
		Tenant     string
		Flow       string
		FlowKey    []byte `json:"flow_key"`
		PayloadKey []byte `json:"payload_key"`
		TokenKey   []byte `json:"token_key"`
	}
	KeyIDs struct {
		Valid, Invalid []string
	} `json:"key_ids"`
	WorkflowIDs []struct{ ID, Flow string } `json:"workflow_ids"`
	Digests     []struct{ Purpose, Flow, Text, Digest string }
	Invalid     []struct {
		Name string
		File json.RawMessage
	} `json:"invalid_files"`
}

func ring(t *testing.T) Keys {
	t.Helper()
	keys, err := ParseKeys(vectors[keyVectors](t, "keys.json").Ring, "keys.json")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func expectCode(t *testing.T, err error, code Code) {
	t.Helper()
	if CodeOf(err) != code {
		t.Fatalf("expected a refusal with the code %s, found %v", code, err)
	}
}

func TestDerivations(t *testing.T) {
	given := vectors[keyVectors](t, "keys.json")
	keys := ring(t)
	for _, c := range given.Derivations {
		key, err := keys.Get(c.KeyID)
		if err != nil {
			t.Fatal(err)
		}
		if key.ID != (KeyID{Master: c.Master, Tenant: c.Tenant, Flow: c.Flow}) {
			t.Errorf("%s: found %v", c.KeyID, key.ID)
		}
		if !bytes.Equal(key.secret, c.FlowKey) ||
			!bytes.Equal(key.subkey("wistro/payload/v1"), c.PayloadKey) || !bytes.Equal(key.token, c.TokenKey) {
			t.Errorf("%s: another key was derived", c.KeyID)
		}
	}
}

func TestAnExportHoldsTheSameKeys(t *testing.T) {
	export, err := ParseKeys(vectors[keyVectors](t, "keys.json").Export, "keys.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"k1/default/orders", "k2/default/orders"} {
		mine, err := export.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if theirs, _ := ring(t).Get(id); !bytes.Equal(mine.secret, theirs.secret) {
			t.Errorf("%s differs", id)
		}
	}
	if key, err := export.Active(DefaultTenant, "orders"); err != nil || key.ID.Master != "k2" {
		t.Errorf("the active key is %v, %v", key, err)
	}
	_, err = export.Active(DefaultTenant, "billing")
	expectCode(t, err, KeyUnknown)
}

func TestKeyIDs(t *testing.T) {
	given := vectors[keyVectors](t, "keys.json")
	for _, text := range given.KeyIDs.Valid {
		if id, err := ParseKeyID(text); err != nil || id.String() != text {
			t.Errorf("%q: %v, %v", text, id, err)
		}
	}
	for _, text := range given.KeyIDs.Invalid {
		_, err := ParseKeyID(text)
		expectCode(t, err, KeyIDInvalid)
	}
}

func TestWorkflowIDsAndDigests(t *testing.T) {
	given := vectors[keyVectors](t, "keys.json")
	for _, c := range given.WorkflowIDs {
		if flow := FlowOfWorkflow(c.ID); flow != c.Flow {
			t.Errorf("%q: %q", c.ID, flow)
		}
	}
	for _, c := range given.Digests {
		digest, err := Digest(ring(t), c.Purpose, c.Text, DefaultTenant, c.Flow)
		if err != nil || digest != c.Digest {
			t.Errorf("%+v: %s, %v", c, digest, err)
		}
	}
}

func TestInvalidKeyFiles(t *testing.T) {
	for _, c := range vectors[keyVectors](t, "keys.json").Invalid {
		t.Run(c.Name, func(t *testing.T) {
			_, err := ParseKeys(c.File, "the vector")
			expectCode(t, err, KeyFileInvalid)
		})
	}
}

func TestEnvelopes(t *testing.T) {
	type envelopes struct {
		Cases []struct {
			Name      string
			KeyID     string `json:"key_id"`
			Nonce     []byte
			Envelope  []byte
			Plaintext []byte
			Limit     *int
			Error     Code
		}
	}
	keys := ring(t)
	for _, c := range vectors[envelopes](t, "envelopes.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			limit := MaxPlaintext
			if c.Limit != nil {
				limit = *c.Limit
			}
			key, err := keys.Get(c.KeyID)
			var opened []byte
			if err == nil {
				opened, err = Unseal(key, c.Envelope, limit)
			}
			if c.Error != "" {
				expectCode(t, err, c.Error)
				return
			}
			if err != nil || !bytes.Equal(opened, c.Plaintext) {
				t.Fatalf("%q, %v", opened, err)
			}
			if c.Envelope[1] == 0 && !bytes.Equal(assemble(key, 0, c.Nonce, c.Plaintext), c.Envelope) {
				t.Fatal("sealed to other bytes")
			}
		})
	}
}

func TestPayloads(t *testing.T) {
	type payloads struct {
		Cases []struct {
			Name            string
			Payload, Opened json.RawMessage
			Error           Code
		}
	}
	codec := New(ring(t))
	for _, c := range vectors[payloads](t, "payloads.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			opened, err := codec.Decode([]*commonpb.Payload{payload(t, c.Payload)})
			if c.Error != "" {
				expectCode(t, err, c.Error)
				return
			}
			if err != nil || !proto.Equal(opened[0], payload(t, c.Opened)) {
				t.Fatalf("%v, %v", opened, err)
			}
		})
	}
}

func payload(t *testing.T, text json.RawMessage) *commonpb.Payload {
	t.Helper()
	found := &commonpb.Payload{}
	if err := protojson.Unmarshal(text, found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTokens(t *testing.T) {
	type tokens struct {
		Cases []struct {
			Name, Token string
			Now         int64
			Says        struct {
				Flow      string
				RunID     string `json:"run_id"`
				Tenant    string
				ExpiresAt int64 `json:"expires_at"`
			}
			Error Code
		}
	}
	for _, c := range vectors[tokens](t, "tokens.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			says, err := VerifyRunToken(ring(t), c.Token, time.Unix(c.Now, 0))
			if c.Error != "" {
				expectCode(t, err, c.Error)
				return
			}
			if err != nil || says != (RunToken{Tenant: c.Says.Tenant, Flow: c.Says.Flow, RunID: c.Says.RunID, ExpiresAt: c.Says.ExpiresAt}) {
				t.Fatalf("%+v, %v", says, err)
			}
		})
	}
}

func TestMintedTokensAreGolden(t *testing.T) {
	token, err := MintRunToken(
		ring(t), "orders", "0af7651916cd43dd8448eb211c80319c", time.Unix(1750000059, 1))
	golden := "wr1." + base64.RawURLEncoding.EncodeToString(
		[]byte(`{"exp":1750000060,"key":"k2/default/orders","run":"0af7651916cd43dd8448eb211c80319c"}`)) +
		".50tBjmjcFhkqj8AZfeMB0PPtWidmGvR2nAVhO960jng"
	if err != nil || token != golden {
		t.Fatalf("%s, %v", token, err)
	}
}
