// Package idemgrpc guards the unary methods of a grpc-go server with
// idempotency keys:
//
//	engine, err := idempotency.New(memstore.New())
//	server := grpc.NewServer(
//		grpc.ChainUnaryInterceptor(auth, idemgrpc.UnaryServerInterceptor(engine)),
//		grpc.ChainStreamInterceptor(idemgrpc.StreamServerInterceptor(engine)),
//	)
//
// A call carries its key in the metadata field "idempotency-key". The first
// one runs; later ones get its message or status, with its details, headers
// and trailers. A replayed message is marked "idempotent-replayed: true" in
// the headers. A replayed error has the mark in its trailers: headers would
// make it another kind of response, which grpc-go clients do not retry.
//
// Put interceptors that authenticate before this one, since the scope of a key
// is taken from the context, and those that count, log or trace as well, so
// that they see replays. Put interceptors that change a request or check
// whether it may run now, such as a rate limit, after it.
//
// Methods marked NO_SIDE_EFFECTS in their schema, health checks and
// reflection pass untouched. Other streams with a key are refused: a stream
// cannot be replayed, and a key must not be ignored.
//
// Calls recorded here are replayed by package idemconnect on the same store,
// and the other way round.
package idemgrpc
