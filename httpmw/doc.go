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
// may belong to another request, which the fingerprint tells. Everything else
// goes to the handler untouched, with the server's own ResponseWriter and
// Request.
//
// Calls over gRPC and gRPC-Web and streams over Connect also go to the handler
// untouched: their status is in the trailers or in the body, and packages
// idemgrpc and idemconnect guard them. They are recognised by all of
//
//   - the method POST,
//   - the content type application/grpc, application/grpc-web or
//     application/grpc-web-text, each also with +CODEC, or
//     application/connect+proto or application/connect+json,
//   - a path of exactly /package.Service/Method, the package included.
//
// So no other route should have a path of that form.
//
// On any other path such a content type switches nothing off: with a key the
// request is refused (400 NOT_SUPPORTED) and does not run, and where a key is
// required it needs one like any other. Mount RPCs that have another path, with
// a prefix or without a package, outside of this middleware. A Connect service
// that only this middleware guards can be called over gRPC without protection;
// guard it with idemconnect.
//
// A request that merely offers an upgrade is guarded, since some clients offer
// h2c with every request; if the handler does take the connection over, its
// answer is not kept. CONNECT is never guarded. Where two guards stand around
// one handler on the same record, the inner one runs under the claim of the
// outer one.
//
// # Which requests are the same
//
// A key belongs to one request, and is refused for another (422 KEY_REUSED). What
// makes a request, apart from method and path as the operation, is
//
//   - the host, so that one site never gets the answer of another; see [WithHost]
//     for replicas that have names of their own,
//   - the path as it was received, so that neither do two mounts of one handler
//     under [http.StripPrefix],
//   - the fields of [WithFingerprintHeaders],
//   - the query, in the order in which it was sent: a handler may care,
//   - the content type and the content coding,
//   - the body.
//
// A multipart body is compared part by part, without its boundary: clients draw a
// new one for every attempt. Names, file names, types and bytes of the parts
// count, and their order. A body that is not strictly well-formed, or has more
// than 1000 parts, is compared as bytes. So is a JSON body, unless
// [WithCanonicalJSON] is given. [WithFingerprint] replaces the comparison.
//
// # What the first caller gets
//
// Exactly what the handler writes, when it writes it: interim (1xx) answers,
// headers, body, flushes and trailers. The ResponseWriter has Flush, Hijack
// and Push where the server's has them, always ReadFrom and WriteString, and
// Unwrap, so that [http.ResponseController] works.
//
// When the client hangs up, the handler's context is cancelled, unless the
// engine has WithDetached. Its writes go on succeeding as long as the answer is
// kept, so that it can finish that answer, which is then recorded. A flush
// returns the true error.
//
// A middleware outside finds in its request what the handler left there: the
// forms, the route (Pattern) and its path values.
//
// # What becomes of the answer
//
// The key is released only by an answer that cannot follow an effect. Any other
// answer is recorded, unless it is unknown how the request ended: then the claim
// is abandoned, and the engine's OnAbandoned decides about the next request. A
// [Classifier] decides by the status, by default [DefaultClassifier]:
//
//	released   401, 405, 408, 425, 429, 501
//	abandoned  499, 502, 503, 504, and a panic, which goes on
//	recorded   everything else, also a 500
//
// These go before the classifier and the policy of the operation:
//
//   - A handler that calls [idempotency.Execution.NoEffect] releases the key.
//   - The refusal of this call by a guard further in releases it, in this process
//     or behind a proxy. It is recognised by the mark in
//     Idempotency-Refused, which belongs to one operation and key, on a
//     status from 400 on.
//   - A 404 of an [http.ServeMux] that was handed to [Middleware.Wrap] and has no
//     route for the request releases it. A handler's own 404 is recorded. Other
//     routers say the same through [NoEffect].
//   - A handler that returns without writing anything after its context ended
//     abandons: the implicit 200 would be wrong.
//
// After the end of the handler's context the engine abandons what would be
// released, and every status from 500 on: it is usually the echo of the
// cancellation.
//
// An answer is recorded as not kept when it took the connection over, is larger
// than [WithMaxResponseBody] or shorter than its Content-Length, is a stream of
// events (text/event-stream) that was flushed, or was flushed without a
// Content-Length by a handler whose context ended. The request has run, and a
// later one with its key gets 409 OUTCOME_NOT_KEPT. Every other flushed answer is
// kept, so what a proxy passes on piece by piece is replayed whole.
//
// # What is stored
//
// Status, body, and what the handler did to the header and the trailers. Fields
// that a middleware outside of this one had set are made anew for each request:
// a replay has the new ones, less those that the handler deleted, with the
// values that it added, and with its own where it replaced them. Never stored,
// in whatever case a name is written, are
//
//   - hop-by-hop fields (RFC 9110, section 7.6.1) and those that Connection names,
//   - Date, Age, Authentication-Info, and Content-Length, which a replay computes
//     from the body,
//   - Set-Cookie and Set-Cookie2, unless [WithSetCookie] allows them,
//   - the fields of [WithUnstored], by default those of [DefaultUnstored],
//   - the replay marker and Idempotency-Refused of an inner layer.
//
// # Where to put it
//
// In this order, from the outside in:
//
//  1. logging, tracing, metrics and panic recovery, which see every request;
//  2. rate limits and time limits: their 429 and 503 then touch no key. A time
//     limit inside answers 503 while its handler is still at work, which
//     abandons the claim;
//  3. compression, whose coding then suits each caller;
//  4. authentication, which leaves what the engine's WithScope reads;
//  5. authorization and validation: a request that fails them then does not use
//     up its key, and the client can correct it;
//  6. this middleware;
//  7. whatever shall run once with the handler, and the handler.
//
// What reads the request's body before this middleware must put it back: a body
// that is gone cannot be told from an empty one.
package httpmw
