package httpmw

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/oncewire/idempotency"
)

// typePrefix begins the type of a problem, a URI that leads to its explanation.
const typePrefix = "https://github.com/oncewire/idempotency/blob/main/docs/errors.md#"

var statuses = map[idempotency.Reason]int{
	idempotency.ReasonInProgress:       http.StatusConflict,
	idempotency.ReasonOutcomeUnknown:   http.StatusConflict,
	idempotency.ReasonOutcomeNotKept:   http.StatusConflict,
	idempotency.ReasonKeyReused:        http.StatusUnprocessableEntity,
	idempotency.ReasonKeyInvalid:       http.StatusUnprocessableEntity,
	idempotency.ReasonKeyMissing:       http.StatusBadRequest,
	idempotency.ReasonStoreUnavailable: http.StatusServiceUnavailable,
	idempotency.ReasonScopeUnknown:     http.StatusUnauthorized,
	idempotency.ReasonRequestTooLarge:  http.StatusRequestEntityTooLarge,
	idempotency.ReasonNotSupported:     http.StatusBadRequest,
	idempotency.ReasonReplayDenied:     http.StatusForbidden,

	idempotency.ReasonOutcomeUnreadable: http.StatusConflict,
}

// Status returns the HTTP status of a refusal, or 500 for a reason that this
// version does not know.
func Status(reason idempotency.Reason) int {
	if status, ok := statuses[reason]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// problem is a problem details object (RFC 9457). Reason and Next are
// extension members.
type problem struct {
	Type   string             `json:"type"`
	Title  string             `json:"title"`
	Status int                `json:"status"`
	Detail string             `json:"detail"`
	Reason idempotency.Reason `json:"reason,omitempty"`
	Next   idempotency.Next   `json:"next,omitempty"`
}

// WriteRefusal answers a request that was refused with problem details (RFC
// 9457), [idempotency.RefusedField] and, where there is a time to try again, Retry-After
// in whole seconds. Nothing in it comes from the request or the store.
func WriteRefusal(w http.ResponseWriter, refusal *idempotency.Error) {
	writeRefusal(w, refusal, Status(refusal.Reason))
}

func writeRefusal(w http.ResponseWriter, refusal *idempotency.Error, status int) {
	header := w.Header()
	header.Set(idempotency.RefusedField, string(refusal.Reason))
	if refusal.RetryAfter > 0 {
		seconds := (refusal.RetryAfter + time.Second - 1) / time.Second
		header.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	writeProblem(w, problem{
		Type:   typePrefix + strings.ToLower(strings.ReplaceAll(string(refusal.Reason), "_", "-")),
		Title:  refusal.Title(),
		Status: status,
		Detail: refusal.Detail(),
		Reason: refusal.Reason,
		Next:   refusal.Next(),
	})
}

func writeProblem(w http.ResponseWriter, p problem) {
	body, _ := json.Marshal(p) //nolint:errchkjson // strings and a number never fail
	header := w.Header()
	header.Del("Content-Encoding")
	header.Set("Content-Type", "application/problem+json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // there is nobody to tell
}

// refuse answers with any error that the engine returns. A caller that gave up
// before anything ran is told what a failed store would tell it, as somebody
// may still listen: the same request can be sent again. The status of one that
// hung up is for the access log.
func refuse(w http.ResponseWriter, err error) {
	if refusal, ok := errors.AsType[*idempotency.Error](err); ok {
		WriteRefusal(w, refusal)
		return
	}
	status := Status(idempotency.ReasonStoreUnavailable)
	if errors.Is(err, context.Canceled) {
		status = statusClientClosed
	}
	writeRefusal(w, idempotency.ErrStore, status)
}

// errTooLarge is the cause of the refusal of a body above our own limit.
var errTooLarge = errors.New("request body too large")

// refuseBody answers a request whose body could not be read. Nothing was
// claimed for it.
func (c *call) refuseBody(operation string, err error) {
	_, outer := errors.AsType[*http.MaxBytesError](err) // a limit outside of ours
	if outer || errors.Is(err, errTooLarge) {
		WriteRefusal(c.w, c.engine.Refuse(c.r.Context(), idempotency.Call{Operation: operation}, idempotency.ErrRequestTooLarge, err))
		return
	}
	writeProblem(c.w, problem{
		Type:   "about:blank",
		Title:  http.StatusText(http.StatusBadRequest),
		Status: http.StatusBadRequest,
		Detail: "The request body could not be read.",
	})
}
