package refusal

import (
	"encoding/binary"
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
	var details [2]anypb.Any // one allocation for both
	details[0].TypeUrl, details[0].Value = errorInfoURL, encodeInfo(refusal, operation)
	present := []*anypb.Any{&details[0], &details[1]}
	if refusal.RetryAfter > 0 {
		details[1].TypeUrl, details[1].Value = retryInfoURL, encodeRetry(refusal.RetryAfter)
	} else {
		present = present[:1]
	}
	return &spb.Status{Code: int32(codes[refusal.Reason]), Message: refusal.Detail(), Details: present}
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
	var buffer [2 * (1 + binary.MaxVarintLen64)]byte // a tag and a number, twice
	duration := appendNumber(buffer[:0], durationSeconds, uint64(after/time.Second))
	duration = appendNumber(duration, durationNanos, uint64(after%time.Second))
	return appendText(make([]byte, 0, 2+len(duration)), retryDelay, duration)
}
