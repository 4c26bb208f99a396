// Package idemconnect guards the unary methods of a connect-go server with
// idempotency keys, over the Connect, gRPC and gRPC-Web protocols and with any
// codec:
//
//	engine, err := idempotency.New(memstore.New())
//	path, handler := paymentsv1connect.NewPaymentServiceHandler(service,
//		connect.WithInterceptors(auth, idemconnect.NewInterceptor(engine)))
//
// A call carries its key in the header Idempotency-Key. The first one runs;
// later ones get its message or error, with its details, headers and trailers,
// marked "Idempotent-Replayed: true" in the headers, or in the metadata of an
// error.
//
// Put interceptors that authenticate before this one, since the scope of a key
// is taken from the context, and those that count, log or trace as well, so
// that they see replays. Put interceptors that change a request or check
// whether it may run now, such as a rate limit, after it.
//
// Methods marked NO_SIDE_EFFECTS in their schema, and with them every Connect
// GET, health checks and reflection pass untouched. Other streams with a key
// are refused: a stream cannot be replayed, and a key must not be ignored.
//
// Calls recorded here are replayed by package idemgrpc on the same store, and
// the other way round.
package idemconnect
