package idemgateway

import (
	"context"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
)

// metadataOperation is where the google.rpc.ErrorInfo of a refusal names the
// operation that was refused.
const metadataOperation = "operation"

// refusalOf returns the refusal that an error of the gateway's own call is, or
// nil.
func refusalOf(ctx context.Context, err error) (refusal *idempotency.Error) {
	var retryAfter time.Duration
	for _, detail := range status.Convert(err).Proto().GetDetails() {
		message, _ := detail.UnmarshalNew() // not ours when it fails
		switch info := message.(type) {
		case *errdetails.ErrorInfo:
			if refuses(ctx, info) {
				refusal = &idempotency.Error{Reason: idempotency.Reason(info.GetReason())}
			}
		case *errdetails.RetryInfo:
			retryAfter = info.GetRetryDelay().AsDuration()
		}
	}
	if refusal != nil {
		refusal.RetryAfter = retryAfter
	}
	return refusal
}

// refuses tells the refusals of the gateway's call from those that a handler
// got elsewhere and passed on.
func refuses(ctx context.Context, info *errdetails.ErrorInfo) bool {
	operation, ok := runtime.RPCMethod(ctx)
	return ok && info.GetDomain() == idempotency.Domain && info.GetMetadata()[metadataOperation] == operation
}
