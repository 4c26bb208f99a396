package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency"
)

// statusClientClosed is the status of a request whose client hung up before the
// answer. It comes from nginx and is not in RFC 9110.
const statusClientClosed = 499

// statuses are the HTTP statuses of the refusals.
var statuses = map[idempotency.Reason]int{
	idempotency.ReasonInProgress:        http.StatusConflict,
	idempotency.ReasonOutcomeUnknown:    http.StatusConflict,
	idempotency.ReasonOutcomeNotKept:    http.StatusConflict,
	idempotency.ReasonOutcomeUnreadable: http.StatusConflict,
	idempotency.ReasonKeyReused:         http.StatusUnprocessableEntity,
	idempotency.ReasonKeyInvalid:        http.StatusUnprocessableEntity,
	idempotency.ReasonKeyMissing:        http.StatusBadRequest,
	idempotency.ReasonStoreUnavailable:  http.StatusServiceUnavailable,
	idempotency.ReasonScopeUnknown:      http.StatusUnauthorized,
	idempotency.ReasonRequestTooLarge:   http.StatusRequestEntityTooLarge,
	idempotency.ReasonRequestUnreadable: http.StatusBadRequest,
	idempotency.ReasonNotSupported:      http.StatusBadRequest,
	idempotency.ReasonRolledBack:        http.StatusServiceUnavailable,
	idempotency.ReasonCommitUnknown:     http.StatusServiceUnavailable,
	idempotency.ReasonReplayDenied:      http.StatusForbidden,
}

// Status returns the HTTP status of a refusal. It is 500 for a reason that this
// version of the package does not know.
func Status(reason idempotency.Reason) int {
	if status, ok := statuses[reason]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// bodyAllowed reports whether an answer with the status can have a body (RFC 9110,
// section 6.4.1).
func bodyAllowed(status int) bool {
	return status >= http.StatusOK && status != http.StatusNoContent && status != http.StatusNotModified
}
