package wistro

import "time"

// Signature is how the sender of a webhook proves who it is: a [GitHubSignature] or an [HMACSignature].
type Signature interface{ signature() map[string]any }

// GitHubSignature is the signature of GitHub's webhooks: `X-Hub-Signature-256` over the raw body.
type GitHubSignature struct {
	// Secret is the name of the secret (an environment variable), never the secret itself.
	Secret string `json:"secret"`
}

// HMACSignature is an HMAC of the raw body in a header, as most webhook senders do it. What is left out
// has its default.
type HMACSignature struct {
	// Secret is the name of the secret (an environment variable), never the secret itself.
	Secret string `json:"secret"`
	// Header is the header that carries the signature.
	Header string `json:"header"`
	// Algorithm is `sha1`, `sha256` or `sha512`; `sha256` by default.
	Algorithm string `json:"algorithm"`
	// Prefix is what stands before the signature in the header, such as `sha256=`.
	Prefix string `json:"prefix"`
	// Encoding is how the signature is written: `hex` (the default) or `base64`.
	Encoding string `json:"encoding"`
	// TimestampHeader is the header with the seconds since the epoch at which the sender signed
	// `<timestamp>.<body>`; without one, the body alone is signed.
	TimestampHeader string `json:"timestampHeader"`
	// Tolerance is how far that moment may be from now; 5 minutes by default.
	Tolerance time.Duration `json:"tolerance"`
	// IDHeader is the header with the sender's delivery id: a repeated one gets the first one's run.
	IDHeader string `json:"idHeader"`
}

func (s GitHubSignature) signature() map[string]any { return scheme("github", s) }

func (s HMACSignature) signature() map[string]any { return scheme("hmac", s) }

func scheme(name string, signature any) map[string]any {
	table := declare(signature)
	table["scheme"] = name
	return table
}
