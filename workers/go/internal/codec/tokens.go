package codec

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	tokenPrefix    = "wr1"
	maxTokenLength = 2048
)

// RunToken is what a genuine run token says: its bearer acts for one run.
type RunToken struct {
	Tenant, Flow, RunID string
	// ExpiresAt is the second from which the token is refused.
	ExpiresAt int64
}

type claims struct {
	Expires int64  `json:"exp"`
	Key     string `json:"key"`
	Run     string `json:"run"`
}

// MintRunToken makes the token of a run, with the active key of its flow.
func MintRunToken(keys Keys, flow, runID string, expires time.Time) (string, error) {
	key, err := keys.Active(DefaultTenant, flow)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims{Expires: ceil(expires), Key: key.ID.String(), Run: runID})
	if err != nil {
		return "", fmt.Errorf("write the claims of a run token: %w", err)
	}
	signed := tokenPrefix + "." + base64.RawURLEncoding.EncodeToString(body)
	return signed + "." + sign(key, signed), nil
}

// VerifyRunToken reads a token and proves that a holder of the flow's key minted it.
func VerifyRunToken(keys Keys, token string, now time.Time) (RunToken, error) {
	found, signed, signature, err := splitToken(token)
	if err != nil {
		return RunToken{}, err
	}
	key, err := keys.Get(found.Key)
	if err != nil {
		return RunToken{}, invalidToken()
	}
	if subtle.ConstantTimeCompare([]byte(sign(key, signed)), []byte(signature)) != 1 {
		return RunToken{}, invalidToken()
	}
	if now.Unix() >= found.Expires {
		return RunToken{}, &Error{
			Code:    TokenExpired,
			Message: fmt.Sprintf("The run token expired %d seconds ago.", now.Unix()-found.Expires),
			Hint:    "the step outlived its token, or the clocks of the hosts differ",
		}
	}
	return RunToken{
		Tenant: key.ID.Tenant, Flow: key.ID.Flow, RunID: found.Run, ExpiresAt: found.Expires,
	}, nil
}

func splitToken(token string) (found claims, signed, signature string, err error) {
	cut := strings.LastIndexByte(token, '.')
	if len(token) > maxTokenLength || cut < 0 {
		return claims{}, "", "", malformedToken()
	}
	signed, signature = token[:cut], token[cut+1:]
	prefix, encoded, _ := strings.Cut(signed, ".")
	body, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || prefix != tokenPrefix {
		return claims{}, "", "", malformedToken()
	}
	// Not into claims at once: members that are missing or unknown would go unnoticed.
	var members map[string]json.RawMessage
	if err := decodeStrictly(body, &members); err != nil || onlyFields(members, "exp", "key", "run") != nil {
		return claims{}, "", "", malformedToken()
	}
	if err := json.Unmarshal(body, &found); err != nil {
		return claims{}, "", "", malformedToken()
	}
	return found, signed, signature, nil
}

func sign(key *FlowKey, signed string) string {
	return base64.RawURLEncoding.EncodeToString(mac(key.token, signed))
}

func ceil(moment time.Time) int64 {
	seconds := moment.Unix()
	if moment.Nanosecond() > 0 {
		seconds++
	}
	return seconds
}

func malformedToken() error {
	return &Error{
		Code:    TokenMalformed,
		Message: fmt.Sprintf("A run token (`%s.<claims>.<signature>`) was expected; this text is none.", tokenPrefix),
		Hint:    "pass on the token of the invocation unchanged",
	}
}

func invalidToken() error {
	return &Error{
		Code:    TokenInvalid,
		Message: "The run token is not genuine under any key of this process.",
		Hint:    "worker and engine must use the same key file, or an export of it",
	}
}
