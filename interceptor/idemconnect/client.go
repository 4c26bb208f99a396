package idemconnect

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// NewClientInterceptor returns an interceptor for clients that sends unary calls
// again until they are settled, with one key for all tries, over the Connect, gRPC
// and gRPC-Web protocols. It does nothing for handlers. The error names every option
// that cannot be honoured. The interceptor is safe for concurrent use.
//
// # The key
//
// A call gets a key unless its header has the field of [WithClientKeyField] already:
// the key of [idempotency.WithKey] in its context, or else a new one
// ([idempotency.NewKey]). The caller's request does not get the key: to send one
// [connect.Request] three times is three calls with three keys. A program that
// repeats a call by itself, after an error or after a restart, must name the key
// with WithKey. Methods that have no side effects (NO_SIDE_EFFECTS) or whose schema
// says that they ignore keys get none; neither do health checks and reflection.
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
// for, whichever is longest: in RetryInfo, in Retry-After in the metadata of the
// error, or in grpc-retry-pushback-ms (gRPC A6). Connect-go hides the headers of an
// answer that is not in its protocol, such as the 503 of a proxy. There is no retry
// when the pushback is negative or malformed, when the server asks for more than
// [WithMaxPause], when the context would end before it, after [WithMaxAttempts], and
// when the budget of [WithRetryBudget] is used up. Then the caller gets the last
// error. A call in progress is asked for until the deadline of the context, and for
// WithMaxAttempts without a deadline.
//
// The Timeout of an [http.Client] bounds each try; the deadline of the context
// bounds the call.
//
// # Other interceptors
//
// Interceptors that sign or trace each try belong inside this one, those that trace
// the whole call around it. For a call that has a key, those inside see a copy of
// the request, which is not a connect.Request: they should use Any, which returns
// the message that is sent.
//
// Streams are not sent again, and a key in their headers is left alone. A guarded
// server refuses streams that have a key.
func NewClientInterceptor(options ...ClientOption) (connect.Interceptor, error) {
	client, err := rpc.NewClient("idemconnect", options)
	if err != nil {
		return nil, err
	}
	i := &clientInterceptor{client: client, keyField: http.CanonicalHeaderKey(client.KeyField)}
	return connect.UnaryInterceptorFunc(i.wrap), nil
}

type clientInterceptor struct {
	client   *rpc.Client
	keyField string // canonical name of a header field
}

func (i *clientInterceptor) wrap(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		spec := request.Spec()
		if !spec.IsClient {
			return next(ctx, request)
		}
		method := i.client.Method(spec.Procedure, spec.Schema, spec.IdempotencyLevel == connect.IdempotencyNoSideEffects)
		switch method.Calls {
		case rpc.Keyed:
			return i.sendKeyed(ctx, method, request, next)
		case rpc.SideEffectFree:
			return send(ctx, i.client.Retries, &clientCall{next: next, request: request, message: request.Any()})
		default:
			return next(ctx, request)
		}
	}
}

func (i *clientInterceptor) sendKeyed(ctx context.Context, method *rpc.ClientMethod, request connect.AnyRequest, next connect.UnaryFunc) (connect.AnyResponse, error) {
	call := &clientCall{next: next, request: request, message: request.Any(), keyField: i.keyField}
	call.keys = request.Header()[i.keyField]
	key := method.Key(ctx, call.keys, call.message)
	if key.New {
		call.space[0] = key.Text
		call.keys = call.space[:]
	}
	call.message = key.Fill(call.message)
	switch {
	case key.Text == "": // the server refuses it
		return next(ctx, call.copied(1))
	case i.client.Retries.Hedges():
		return race(ctx, i.client.Retries, call)
	default:
		return send(ctx, i.client.Retries, call)
	}
}
