package codec

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Digest turns text into 32 hex digits that only key holders can guess: a stand-in for what users
// send where Temporal needs an id in clear. It stays the same when keys rotate.
func Digest(keys Keys, purpose, text, tenant, flow string) (string, error) {
	history, err := keys.History(tenant, flow)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(mac(history[0].subkey("wistro/digest/v1/"+purpose), text)[:16]), nil
}

func mac(key []byte, text string) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(text))
	return hash.Sum(nil)
}
