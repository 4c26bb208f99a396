package refusal

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
)

// Encode returns the status of a refusal of the operation. It has an ErrorInfo, and a
// RetryInfo if the refusal has a RetryAfter.
func Encode(refusal *idempotency.Error, operation string) *spb.Status {
	details := []proto.Message{info(refusal, operation)}
	if refusal.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(refusal.RetryAfter)})
	}
	return &spb.Status{Code: int32(codes[refusal.Reason]), Message: refusal.Detail(), Details: pack(details)}
}

func info(refusal *idempotency.Error, operation string) *errdetails.ErrorInfo {
	metadata := map[string]string{
		metadataNext:      string(refusal.Next()),
		metadataOperation: strings.ToValidUTF8(operation, "\uFFFD"), // the client chooses the path
	}
	if refusal.Mark != "" {
		metadata[metadataMark] = refusal.Mark
	}
	if refusal.Rule != "" {
		metadata[metadataRule] = refusal.Rule
	}
	return &errdetails.ErrorInfo{Reason: string(refusal.Reason), Domain: idempotency.Domain, Metadata: metadata}
}

func pack(details []proto.Message) []*anypb.Any {
	packed := make([]*anypb.Any, 0, len(details))
	for _, detail := range details {
		// Fails only for text that is not UTF-8, which info does not return.
		if each, err := anypb.New(detail); err == nil {
			packed = append(packed, each)
		}
	}
	return packed
}
