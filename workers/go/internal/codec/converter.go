package codec

import (
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// DataConverter converts values to JSON and encrypts them.
//
// Temporal applies external storage after the codec, so what a driver stores is ciphertext.
func DataConverter(keys Keys) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), New(keys))
}

// FailureConverter hides the texts of failures: message and stack trace travel encrypted, with the
// key of the flow that the activity belongs to.
func FailureConverter(data converter.DataConverter) converter.FailureConverter {
	return &failureConverter{
		data: data,
		inner: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: data, EncodeCommonAttributes: true,
		}),
	}
}

type failureConverter struct {
	data  converter.DataConverter
	inner converter.FailureConverter
}

var _ converter.FailureConverterWithSerializationContext = (*failureConverter)(nil)

// WithSerializationContext binds the converter to the flow of the workflow in the context, which
// the SDK's own does not.
func (c *failureConverter) WithSerializationContext(
	context converter.SerializationContext,
) converter.FailureConverter {
	return FailureConverter(converter.WithDataConverterSerializationContext(c.data, context))
}

// ErrorToFailure converts an error to what Temporal stores.
func (c *failureConverter) ErrorToFailure(err error) (failure *failurepb.Failure) {
	// The SDK's converter panics when a text cannot be encrypted, as without the flow's key. The
	// worker must live on, and the text must not be sent in clear.
	defer func() {
		if recover() != nil {
			failure = sealedAway(err)
		}
	}()
	return c.inner.ErrorToFailure(err)
}

// FailureToError converts what Temporal stored to an error.
func (c *failureConverter) FailureToError(failure *failurepb.Failure) error {
	return c.inner.FailureToError(failure)
}

// sealedAway is a failure of which only the code can be told.
func sealedAway(err error) *failurepb.Failure {
	kind := string(CodeOf(err))
	if kind == "" {
		kind = string(KeyUnknown)
	}
	return &failurepb.Failure{
		Message: "the error could not be encrypted, so it is not told",
		Source:  "GoSDK",
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: kind},
		},
	}
}
