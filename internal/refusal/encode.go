package refusal

import (
	"strings"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/oncewire/idempotency"
)

// Encode returns the status of a refusal of the operation. It has an ErrorInfo, and a
// RetryInfo if the refusal has a RetryAfter. The details are written in the wire
// format: a refusal must not cost more than a replay, and marshalling messages by
// reflection is most of its cost.
func Encode(refusal *idempotency.Error, operation string) *spb.Status {
	details := make([]*anypb.Any, 0, 2)
	details = append(details, &anypb.Any{TypeUrl: errorInfoURL, Value: encodeInfo(refusal, operation)})
	if refusal.RetryAfter > 0 {
		details = append(details, &anypb.Any{TypeUrl: retryInfoURL, Value: encodeRetry(refusal.RetryAfter)})
	}
	return &spb.Status{Code: int32(codes[refusal.Reason]), Message: refusal.Detail(), Details: details}
}

// encodeInfo returns a google.rpc.ErrorInfo.
func encodeInfo(refusal *idempotency.Error, operation string) []byte {
	operation = strings.ToValidUTF8(operation, "\uFFFD") // the client chooses the path
	const otherContent = 128                             // the usual size of all but operation and mark
	info := make([]byte, 0, otherContent+len(operation)+len(refusal.Mark))
	info = appendText(info, infoReason, string(refusal.Reason))
	info = appendText(info, infoDomain, idempotency.Domain)
	info = appendEntry(info, metadataNext, string(refusal.Next()))
	info = appendEntry(info, metadataOperation, operation)
	if refusal.Mark != "" {
		info = appendEntry(info, metadataMark, refusal.Mark)
	}
	if refusal.Rule != "" {
		info = appendEntry(info, metadataRule, refusal.Rule)
	}
	return info
}

// encodeRetry returns a google.rpc.RetryInfo.
func encodeRetry(after time.Duration) []byte {
	duration := appendNumber(nil, durationSeconds, uint64(after/time.Second))
	duration = appendNumber(duration, durationNanos, uint64(after%time.Second))
	return appendText(nil, retryDelay, string(duration))
}
