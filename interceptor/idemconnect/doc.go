// Package idemconnect guards the unary methods of a connect-go server with
// idempotency keys, over the Connect, gRPC and gRPC-Web protocols and with any
// codec:
//
//	engine, err := idempotency.New(memstore.New())
//	guard, err := idemconnect.NewInterceptor(engine)
//	path, handler := paymentsv1connect.NewPaymentServiceHandler(service,
//		connect.WithInterceptors(auth, validate, guard))
//
// A call carries its key in the header Idempotency-Key. The first one runs;
// later ones get its message or error, with its details, headers and trailers,
// marked "Idempotent-Replayed: true" in the headers, or in the metadata of an
// error.
//
// # Errors
//
// Release only what cannot follow an effect: an error after which the next call
// with the key runs is one of Unauthenticated, Unimplemented, ResourceExhausted
// and Aborted, or one whose handler called [idempotency.DoNotRecord]. After
// Canceled, DeadlineExceeded and Unavailable, and after any error that names no
// cause when the handler's context has ended, it is unknown what happened, and
// [idempotency.WithOnAbandoned] decides about the next call. Every other error
// is recorded and replayed. See [Verdict] and [WithClassifier]. An error without
// a code counts as what connect-go sends for it.
//
// # Order of interceptors
//
// Put interceptors that authenticate before this one, since the scope of a key
// is taken from the context. Put validation (protovalidate) and authorization
// before it too: a request that fails them does not use up its key. Rate limits
// belong outside as well, and so do interceptors that count, log or trace, so
// that they see replays. An outer interceptor sees a replay as it would see a
// first answer: Any returns a message of the same Go type, which it may change.
// Only the response around it is not a connect.Response of that type. Put
// interceptors that change a request inside.
//
// The interceptor may be installed twice, and may stand around another engine's.
//
// Methods marked NO_SIDE_EFFECTS in their schema, and with them every Connect
// GET, health checks and reflection pass untouched. Other streams with a key
// are refused: a stream cannot be replayed, and a key must not be ignored.
//
// Calls recorded here are replayed by package idemgrpc on the same store, and
// the other way round.
package idemconnect
