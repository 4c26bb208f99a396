package idemconnect2

import (
	"context"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// NewClientInterceptor returns an interceptor for clients that sends unary calls
// again until they are settled, with one key for all tries, over the Connect, gRPC
// and gRPC-Web protocols and in process. The error names every option that cannot be
// honoured. The interceptor is safe for concurrent use.
//
// # The key
//
// A call gets a key unless its request header ([connect.NewClientContext]) has the
// field of [WithClientKeyField] already: the key of [idempotency.WithKey] in its
// context, or else a new one ([idempotency.NewKey]). The caller's header does not get
// the key: to use one context for three calls is three calls with three keys. A
// program that repeats a call by itself, after an error or after a restart, must name
// the key with WithKey. Methods that have no side effects (NO_SIDE_EFFECTS) or whose
// schema says that they ignore keys get none; neither do health checks and reflection.
//
// If the request message has a field with the option (idempotency.v1.field).key, or
// one of [WithRequestID], the same key is sent in that field too (AIP-4235). A value
// that the caller has set there is the key of the call, unless the header has one; a
// server refuses two different ones. The caller's message is never changed, as a copy
// is sent.
//
// # What is sent again
//
// Calls that have a key, and calls without side effects, are sent again
//
//   - when the connection or stream broke. The end of the call's context,
//     certificates that are not accepted and an unknown host or scheme are no such
//     failures;
//   - after Unavailable, to which connect-go also translates 429, 502, 503 and 504
//     of servers that do not speak the protocol;
//   - after ResourceExhausted and Aborted with a RetryInfo (AIP-193), Retry-After or
//     a pushback;
//   - after a refusal whose [idempotency.Error.Next] is retry_same_key, such as that
//     of a call in progress; after no other refusal, whatever its code.
//
// A recorded answer (see [Replayed]) is never a reason to retry, as it stays the
// same. All other calls are sent once, since it is unknown what their first try did.
//
// The pause before a retry is that of [WithBackoff], or as long as the server asks
// for, whichever is longest: in RetryInfo, in Retry-After, or in
// grpc-retry-pushback-ms (gRPC A6). There is no retry when the pushback is negative or
// malformed, when the server asks for more than [WithMaxPause], when the context would
// end before it, after [WithMaxAttempts], and when the budget of [WithRetryBudget] is
// used up. Then the caller gets the last error. A call in progress is asked for until
// the deadline of the context, and for WithMaxAttempts without a deadline.
//
// The Timeout of an [net/http.Client] bounds each try; the deadline of the context
// bounds the call.
//
// # Other interceptors
//
// Interceptors that sign or trace each try belong inside this one, those that trace
// the whole call around it. Each try opens a stream of its own, and has a call info of
// its own in its context: what interceptors inside set in it is for that try. The
// caller's call info gets what the last try has.
//
// Streams are not sent again, and a key in their headers is left alone. A guarded
// server refuses streams that have a key.
func NewClientInterceptor(options ...ClientOption) (connect.ClientInterceptor, error) {
	client, err := rpc.NewClient("idemconnect2", options)
	if err != nil {
		return nil, err
	}
	return (&clientInterceptor{client}).wrap, nil
}

type clientInterceptor struct {
	client *rpc.Client
}

func (i *clientInterceptor) wrap(next connect.ClientFunc) connect.ClientFunc {
	return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
		method := i.client.Method(spec.Procedure, spec.Schema, spec.IdempotencyLevel == connect.IdempotencyNoSideEffects)
		if spec.StreamType != connect.StreamTypeUnary || method.Calls == rpc.Keyless {
			return next(ctx, spec)
		}
		info, ok := connect.CallInfoForClientContext(ctx)
		if !ok { // only a test opens a stream without a client
			ctx, info = connect.NewClientContext(ctx)
		}
		return &clientStream{ctx: ctx, call: clientCall{client: i.client, method: method, next: next, spec: spec, info: info}}, nil
	}
}
