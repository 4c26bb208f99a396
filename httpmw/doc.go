// Package httpmw puts idempotency keys in front of an [http.Handler]: the
// first request with a key runs, and every later one gets the first one's
// answer, marked with Idempotent-Replayed: true.
//
//	guard, err := httpmw.New(engine)
//	...
//	http.ListenAndServe(address, guard.Wrap(mux))
//
// It follows draft-ietf-httpapi-idempotency-key-header-07. What it refuses it
// refuses with problem details (RFC 9457); see [WriteRefusal].
//
// # What is guarded
//
// Requests that have a key and one of the methods of [WithMethods]. Their body
// is read up to [WithMaxRequestBody] before the handler runs, because the key
// may belong to another request: query, content type, content coding and body
// make the fingerprint. Everything else goes to the handler untouched, with
// the server's own ResponseWriter and Request.
//
// RPC framings (application/grpc…, application/connect+…) also go through
// untouched: their bodies are streams and their status is in the trailers, and
// idemgrpc and idemconnect guard them. A request that merely offers an upgrade
// is guarded, since some clients offer h2c with every request; if the handler
// does take the connection over, its answer is not kept. CONNECT is never
// guarded. A request that already runs under a claim of the same operation and
// key, because the handler is wrapped twice, is guarded once.
//
// # What the first caller gets
//
// Exactly what the handler writes, when it writes it: interim (1xx) answers,
// headers, body, flushes and trailers. The ResponseWriter has Flush, Hijack
// and Push where the server's has them, always ReadFrom and WriteString, and
// Unwrap, so that [http.ResponseController] works.
//
// When the client hangs up, the handler's context is cancelled, unless the
// engine has WithDetached; its writes go on succeeding so long as the answer
// is kept, so that it can finish that answer, which is then recorded.
//
// # What becomes of the answer
//
// A [Classifier] decides by the status whether the answer is recorded, the key
// released or the claim abandoned. Three things go before it. An answer with
// the field [idempotency.RefusedField] releases: an inner layer of ours did not run the
// request. A handler that returns without a word after its context ended
// abandons: its implicit 200 is a lie. And a release after the context ended
// is an abandon: a proxy answers 502 or 503 also because its client hung up. A
// panic abandons, and goes on.
//
// An answer that was flushed, that took the connection over, that is larger
// than [WithMaxResponseBody] or shorter than its Content-Length is recorded as
// not kept: the request has run, and a later one with its key gets 409
// OUTCOME_NOT_KEPT.
//
// # What is stored
//
// Status, body, trailers, and the header fields that the handler set. Not the
// fields that a middleware outside of this one had set before, and that the
// handler left alone: they are made anew for each request. And never
//
//   - hop-by-hop fields (RFC 9110, section 7.6.1) and those that Connection names,
//   - Date, and Content-Length, which a replay computes from the body,
//   - Set-Cookie, unless [WithSetCookie] allows it,
//   - the fields of [WithUnstored], by default those of [DefaultUnstored],
//   - the replay marker and [idempotency.RefusedField] of an inner layer.
//
// # Where to put it
//
// Outside of it, so that they see every request: logging, tracing, metrics,
// rate limits, authentication (the engine's WithScope reads what it left in
// the context), compression, whose coding then suits each caller, and time
// limits: an [http.TimeoutHandler] inside answers 503, which releases the key,
// while its handler is still at work. Inside: whatever shall run once with the
// handler, and panic recovery only if the 500 it makes of a panic shall be
// replayed. What reads the request's body must be inside too: a body that is
// gone cannot be told from an empty one.
package httpmw
