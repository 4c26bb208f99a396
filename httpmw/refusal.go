package httpmw

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/oncewire/idempotency"
)

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
	idempotency.ReasonReplayDenied:      http.StatusForbidden,
}

// Status returns the HTTP status of a refusal, or 500 for a reason that this
// version does not know.
func Status(reason idempotency.Reason) int {
	if status, ok := statuses[reason]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// RefusalWriter answers a request that was refused: it sets the Content-Type,
// writes the status and the body. It may be called by many at once. Nothing in a
// refusal comes from the request or the store, except what Unwrap returns.
type RefusalWriter func(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error)

// WithRefusalWriter sets the writer of refusals, for APIs whose clients expect
// errors of a shape of their own. The default, and the meaning of nil, is
// [WriteRefusal], which a writer may call.
//
// Before the writer is called, the header has what every refusal needs: see
// [RefusalWriter.Refuse].
func WithRefusalWriter(write RefusalWriter) Option {
	return func(c *config) { c.refusals = write }
}

// WithTypeBase is [WithRefusalWriter] with the [ProblemWriter] of that base.
func WithTypeBase(base string) Option { return WithRefusalWriter(ProblemWriter(base)) }

// WithKeyEcho sends the key back in every answer to a guarded request, be it the
// first, a replay or a refusal: in the field in which it came, as it was sent. A
// key that is malformed is not sent back. The default is not to.
func WithKeyEcho() Option {
	return func(c *config) { c.echo = true }
}

// Refuse answers a refused request with the writer, and with [WriteRefusal] if
// the writer is nil. It sets the header fields that no writer has to care for:
//
//   - [idempotency.RefusedField], by which a guard around this one knows that the
//     handler did not run, and which a writer must leave as it is;
//   - Retry-After in whole seconds, where there is a time to try again;
//   - Cache-Control: no-store.
//
// It removes the Content-Encoding and Content-Length that an outer handler set
// for another body.
func (write RefusalWriter) Refuse(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error) {
	if write == nil {
		write = WriteRefusal
	}
	prepare(w.Header(), refusal)
	write(w, r, refusal)
}

func prepare(header http.Header, refusal *idempotency.Error) {
	for _, name := range []string{"Content-Encoding", "Content-Length", "Retry-After", idempotency.RefusedField} {
		header.Del(name)
	}
	header.Set("Cache-Control", "no-store")
	if refusal.Mark != "" {
		header.Set(idempotency.RefusedField, refusal.Mark)
	}
	if refusal.RetryAfter > 0 {
		seconds := (refusal.RetryAfter + time.Second - 1) / time.Second
		header.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
}

// respond answers with any error that the engine returns. A caller that gave up
// before anything ran is told what a failed store would tell it, as somebody
// may still listen: the same request can be sent again. The status of one that
// hung up is for the access log.
func (m *Middleware) respond(w http.ResponseWriter, r *http.Request, operation, key string, err error) {
	refusal, ok := errors.AsType[*idempotency.Error](err)
	if !ok {
		refusal = &idempotency.Error{
			Reason: idempotency.ReasonStoreUnavailable,
			Mark:   idempotency.RefusalMark(r.Context(), operation, key),
		}
		if errors.Is(err, context.Canceled) {
			w = hungUp{w}
		}
	}
	m.refusals.Refuse(w, r, refusal)
}

// hungUp is the writer to a client that hung up.
type hungUp struct{ http.ResponseWriter }

func (w hungUp) WriteHeader(int) { w.ResponseWriter.WriteHeader(statusClientClosed) }

// errTooLarge is the cause of the refusal of a body above our own limit.
var errTooLarge = errors.New("request body too large")

// refuseBody answers a request whose body could not be read, or has no
// fingerprint. Nothing was claimed for it.
func (c *call) refuseBody(err error) {
	refusal := idempotency.ErrRequestUnreadable
	_, outer := errors.AsType[*http.MaxBytesError](err) // a limit outside of ours
	if outer || errors.Is(err, errTooLarge) {
		refusal = idempotency.ErrRequestTooLarge
	}
	c.refusals.Refuse(c.w, c.r, c.refuse(refusal, err))
}
