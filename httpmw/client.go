package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency/internal/retry"
)

// NewTransport returns an [http.RoundTripper] for an [http.Client] that sends
// requests again until they are settled, with one key for all tries. Next sends a
// single try; nil means [http.DefaultTransport]. The error names every invalid
// option. The transport is safe for concurrent use.
//
// A transport that signs requests or traces each try belongs into next; one that
// traces the whole request goes around this one.
//
// # The key
//
// A request with a method of [WithClientMethods] (POST and PATCH) gets a key,
// unless its header has the field of [WithClientKeyField] already: the key of
// [idempotency.WithKey] in its context, or else a new one ([idempotency.NewKey]).
// A redirect that keeps the method keeps the key. The caller's request is never
// changed: to send one request value three times is three requests with three
// keys. A program that repeats a request by itself, after an error or after a
// restart, must name the key with [idempotency.WithKey]. The key that was sent is
// in the header of [http.Response.Request].
//
// # What is sent again
//
// Requests that have a key, and requests with the methods GET, HEAD, OPTIONS and
// TRACE (RFC 9110, section 9.2.1), are sent again
//
//   - when the connection failed. The end of the request's context, certificates
//     that are not accepted, an unknown host or scheme and a malformed request are
//     no such failures;
//   - after 429, 502, 503 and 504, and after 409 with Retry-After;
//   - after a refusal whose [idempotency.Error.Next] is retry_same_key, such as
//     that of a request in progress; after no other refusal, whatever its status.
//
// A recorded answer (see [Replayed]) is never a reason to retry, as it stays the
// same. All other requests are sent once: a request without a key, because it is
// unknown what its first try did, and a request with a body and without
// [http.Request.GetBody], because the body cannot be read again.
// [http.NewRequest] sets GetBody for bytes.Buffer, bytes.Reader and
// strings.Reader. Net/http's own [http.Transport] repeats a request with the field
// Idempotency-Key when a kept connection turns out to be broken; these repetitions
// carry the same key, and do not count here.
//
// The pause before a retry is that of [WithBackoff], or as long as the server asks
// for in Retry-After (seconds or a date), whichever is longer. There is no retry
// when the server asks for more than [WithMaxPause], when the context or the
// client's Timeout would end before it, after [WithMaxAttempts], and when the
// budget of [WithRetryBudget] is used up. Then the caller gets the last answer or
// error. A request in progress is asked for until the deadline of the context, and
// for WithMaxAttempts without a deadline.
//
// An answer that breaks off in its body is not sent for again, since its status
// was already returned; the caller can repeat the request with the same key.
//
// # Hedging
//
// [WithHedging] sends a request that takes long a second time, concurrently. The
// key makes both tries one effect on a server that is guarded. See there.
func NewTransport(next http.RoundTripper, options ...ClientOption) (http.RoundTripper, error) {
	config := clientDefaults()
	if err := config.configure(options); err != nil {
		return nil, err
	}
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{
		next:     next,
		keyField: http.CanonicalHeaderKey(config.keyField),
		methods:  config.methods,
		client:   retry.NewClient(config.retries),
	}, nil
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	values, present := request.Header[t.keyField]
	if !present && t.takesKey(request.Method) {
		return t.sendKeyed(request)
	}
	// An empty list is net/http's own sign of a request that may be repeated.
	if present && (len(values) == 0 || values[0] != "") || sideEffectFree(request.Method) {
		return t.send(&clientCall{request: request, next: t.next})
	}
	return t.next.RoundTrip(request)
}
