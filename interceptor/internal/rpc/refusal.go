package rpc

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
)

// codes says which status a refusal has over gRPC and Connect. This is the
// only place that knows.
var codes = map[idempotency.Reason]code.Code{
	idempotency.ReasonInProgress:       code.Code_ABORTED,
	idempotency.ReasonOutcomeUnknown:   code.Code_FAILED_PRECONDITION,
	idempotency.ReasonOutcomeNotKept:   code.Code_FAILED_PRECONDITION,
	idempotency.ReasonKeyReused:        code.Code_INVALID_ARGUMENT,
	idempotency.ReasonKeyInvalid:       code.Code_INVALID_ARGUMENT,
	idempotency.ReasonKeyMissing:       code.Code_INVALID_ARGUMENT,
	idempotency.ReasonStoreUnavailable: code.Code_UNAVAILABLE,
	idempotency.ReasonScopeUnknown:     code.Code_UNAUTHENTICATED,
	idempotency.ReasonRequestTooLarge:  code.Code_INVALID_ARGUMENT,
	idempotency.ReasonNotSupported:     code.Code_INVALID_ARGUMENT,
	idempotency.ReasonReplayDenied:     code.Code_PERMISSION_DENIED,

	idempotency.ReasonOutcomeUnreadable: code.Code_FAILED_PRECONDITION,
}

// Names in the metadata of a refusal's google.rpc.ErrorInfo.
const (
	metadataNext      = "next"
	metadataOperation = "operation"
)

// Refusal is the status of a refusal: an ErrorInfo, and a RetryInfo where it
// makes sense to try again.
func Refusal(err *idempotency.Error, operation string) *spb.Status {
	details := []proto.Message{&errdetails.ErrorInfo{
		Reason:   string(err.Reason),
		Domain:   idempotency.Domain,
		Metadata: map[string]string{metadataNext: string(err.Next()), metadataOperation: operation},
	}}
	if err.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(err.RetryAfter)})
	}
	return &spb.Status{Code: int32(codes[err.Reason]), Message: err.Detail(), Details: pack(details)}
}

func pack(details []proto.Message) []*anypb.Any {
	packed := make([]*anypb.Any, 0, len(details))
	for _, detail := range details {
		if each, err := anypb.New(detail); err == nil {
			packed = append(packed, each)
		}
	}
	return packed
}

// refusedInside reports whether a status is the refusal of an inner layer of
// ours that stands around the same operation, and whose handler has not run. A
// refusal that a handler got from another service is that handler's answer.
func refusedInside(status *spb.Status, operation string) bool {
	for _, detail := range status.GetDetails() {
		info := new(errdetails.ErrorInfo)
		if !detail.MessageIs(info) || detail.UnmarshalTo(info) != nil {
			continue
		}
		if info.GetDomain() == idempotency.Domain && info.GetMetadata()[metadataOperation] == operation {
			return true
		}
	}
	return false
}
