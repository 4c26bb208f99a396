package refusal

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
)

// Decode returns the refusal that a status carries and the operation that was
// refused, or nil if the status carries none. Any service can send such a status:
// only the mark shows that it is the refusal of a particular call; see
// [idempotency.Operation.HasRefusalMark]. The reason may be one of a later version.
func Decode(status *spb.Status) (refusal *idempotency.Error, operation string) {
	info, retry := new(errdetails.ErrorInfo), new(errdetails.RetryInfo)
	for _, detail := range status.GetDetails() {
		switch {
		case detail.MessageIs(info) && refusal == nil:
			if detail.UnmarshalTo(info) == nil && info.GetDomain() == idempotency.Domain {
				refusal, operation = decode(info)
			}
		case detail.MessageIs(retry):
			_ = detail.UnmarshalTo(retry) // an unreadable one has no delay
		}
	}
	if refusal != nil {
		refusal.RetryAfter = max(retry.GetRetryDelay().AsDuration(), 0)
	}
	return refusal, operation
}

func decode(info *errdetails.ErrorInfo) (*idempotency.Error, string) {
	metadata := info.GetMetadata()
	return &idempotency.Error{
		Reason:  idempotency.Reason(info.GetReason()),
		Rule:    metadata[metadataRule],
		Advised: idempotency.Next(metadata[metadataNext]),
		Mark:    metadata[metadataMark],
	}, metadata[metadataOperation]
}
