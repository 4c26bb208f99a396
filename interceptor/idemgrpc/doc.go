// Package idemgrpc guards the unary methods of a grpc-go server with
// idempotency keys:
//
//	engine, err := idempotency.New(memstore.New())
//	guard, err := idemgrpc.NewInterceptor(engine)
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(auth, validate, guard.Unary),
//		grpc.ChainStreamInterceptor(guard.Stream),
//	)
//
// A call carries its key in the metadata field "idempotency-key". The first
// one runs; later ones get its message or status, with its details, headers
// and trailers. A replayed message is marked "idempotent-replayed: true" in
// the headers. A replayed error has the mark in its trailers: headers would
// make it another kind of response, which grpc-go clients do not retry.
//
// # Errors
//
// Release only what cannot follow an effect: an error after which the next call
// with the key runs is one of Unauthenticated, Unimplemented, ResourceExhausted
// and Aborted, or one whose handler called [idempotency.DoNotRecord]. After
// Canceled, DeadlineExceeded and Unavailable, and after any error that names no
// cause when the handler's context has ended, it is unknown what happened, and
// [idempotency.WithOnAbandoned] decides about the next call. Every other error
// is recorded and replayed. See [Verdict] and [WithClassifier].
//
// # Order of interceptors
//
// Put interceptors that authenticate before this one, since the scope of a key
// is taken from the context. Put validation (protovalidate) and authorization
// before it too: a request that fails them does not use up its key. Rate limits
// belong outside as well, and so do interceptors that count, log or trace, so
// that they see replays. An outer interceptor sees a replay as it would see a
// first answer: a message of the same Go type, which it may change, or a status.
// If it has sent the headers before, the mark and the recorded headers go into
// the trailers. Put interceptors that change a request inside.
//
// The interceptor may be installed twice, and may stand around another engine's.
//
// Methods marked NO_SIDE_EFFECTS in their schema, health checks and
// reflection pass untouched. Other streams with a key are refused: a stream
// cannot be replayed, and a key must not be ignored.
//
// Calls recorded here are replayed by package idemconnect on the same store,
// and the other way round.
package idemgrpc
