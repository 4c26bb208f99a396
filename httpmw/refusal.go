package httpmw

import (
	"context"
	"errors"
	"net/http"

	"github.com/oncewire/idempotency"
)

// RefusalWriter answers a refused request: it sets the Content-Type and writes
// status and body. It must be safe for concurrent use. A refusal contains nothing
// from the request or the store, except for the result of Unwrap.
type RefusalWriter func(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error)

// Refuse answers a refused request with the writer, or with [WriteRefusal] if the
// writer is nil. Before that it sets the header fields that every refusal needs:
//
//   - Idempotency-Refused, by which an outer guard recognises that the handler had
//     no effect, and which a writer must not change;
//   - Retry-After in whole seconds, if a retry makes sense;
//   - Cache-Control: no-store.
//
// It removes Content-Encoding and Content-Length, which an outer handler may have
// set for another body.
func (write RefusalWriter) Refuse(w http.ResponseWriter, r *http.Request, refusal *idempotency.Error) {
	if write == nil {
		WriteRefusal(w, r, refusal)
		return
	}
	fields := newSetter(w.Header())
	setRefusalFields(&fields, refusal)
	write(w, r, refusal)
}

// WriteRefusal writes a refusal as problem details (RFC 9457) with the status of
// [Status]. It is the default of [WithRefusalWriter]. It also sets the header
// fields of [RefusalWriter.Refuse].
func WriteRefusal(w http.ResponseWriter, _ *http.Request, refusal *idempotency.Error) {
	defaultProblems().write(w, refusal)
}

// ProblemWriter returns a writer of problem details whose type is the base
// followed by the reason in lower case with hyphens, such as key-reused. The base
// is a URI that ends in "#" or "/". The default, and the meaning of an empty base,
// is [DefaultTypeBase].
func ProblemWriter(base string) RefusalWriter {
	if base == "" {
		return WriteRefusal
	}
	problems := newProblems(base)
	return func(w http.ResponseWriter, _ *http.Request, refusal *idempotency.Error) {
		problems.write(w, refusal)
	}
}

// refuseCall answers a call with an error of the engine. An error that is no
// refusal is that of the request's context, which ended before the handler ran.
// The client, or a proxy, may still read the answer: it is that of a failed
// store, after which the same request can be sent again. If the client hung up,
// the status is 499, for the access log.
func (write RefusalWriter) refuseCall(w http.ResponseWriter, r *http.Request, operation idempotency.Operation, key string, err error) {
	refusal, ok := errors.AsType[*idempotency.Error](err)
	if !ok {
		refusal = &idempotency.Error{
			Reason: idempotency.ReasonStoreUnavailable,
			Mark:   operation.RefusalMark(r.Context(), key),
		}
		if errors.Is(err, context.Canceled) {
			w = clientClosed{w}
		}
	}
	write.Refuse(w, r, refusal)
}

// clientClosed is a writer to a client that hung up.
type clientClosed struct{ http.ResponseWriter }

func (w clientClosed) WriteHeader(int) { w.ResponseWriter.WriteHeader(statusClientClosed) }
