// Package seam is where the package that authors import meets the worker that runs their steps.
package seam

import (
	"context"
	"encoding/json"
)

// BodyCheck refuses the body of a request that does not fit the schema of its step.
type BodyCheck func(body json.RawMessage) error

type bodyCheckKey struct{}

// WithBodyCheck has bodies checked that handlers of api steps are called with.
func WithBodyCheck(ctx context.Context, check BodyCheck) context.Context {
	return context.WithValue(ctx, bodyCheckKey{}, check)
}

// CheckBody checks a body, after the middleware: who may not come in learns nothing about schemas.
func CheckBody(ctx context.Context, body json.RawMessage) error {
	if check, ok := ctx.Value(bodyCheckKey{}).(BodyCheck); ok {
		return check(body)
	}
	return nil
}
