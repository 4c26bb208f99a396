package refusal

import (
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
)

// codes are the status codes of refusals over gRPC and Connect.
var codes = map[idempotency.Reason]code.Code{
	idempotency.ReasonInProgress:        code.Code_ABORTED,
	idempotency.ReasonOutcomeUnknown:    code.Code_FAILED_PRECONDITION,
	idempotency.ReasonOutcomeNotKept:    code.Code_FAILED_PRECONDITION,
	idempotency.ReasonOutcomeUnreadable: code.Code_FAILED_PRECONDITION,
	idempotency.ReasonKeyReused:         code.Code_INVALID_ARGUMENT,
	idempotency.ReasonKeyInvalid:        code.Code_INVALID_ARGUMENT,
	idempotency.ReasonKeyMissing:        code.Code_INVALID_ARGUMENT,
	idempotency.ReasonStoreUnavailable:  code.Code_UNAVAILABLE,
	idempotency.ReasonScopeUnknown:      code.Code_UNAUTHENTICATED,
	idempotency.ReasonRequestTooLarge:   code.Code_INVALID_ARGUMENT,
	idempotency.ReasonRequestUnreadable: code.Code_INVALID_ARGUMENT,
	idempotency.ReasonNotSupported:      code.Code_INVALID_ARGUMENT,
	idempotency.ReasonRolledBack:        code.Code_UNAVAILABLE,
	idempotency.ReasonCommitUnknown:     code.Code_UNAVAILABLE,
	idempotency.ReasonReplayDenied:      code.Code_PERMISSION_DENIED,
}
