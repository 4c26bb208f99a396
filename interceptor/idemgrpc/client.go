package idemgrpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/retry"
)

// ClientInterceptor sends calls of a client again until they are settled. It is safe
// for concurrent use.
//
// Streams have no interceptor: they are not sent again, [idempotency.WithKey] does
// not apply to them, and a key in their outgoing metadata is left alone. A guarded
// server refuses streams that have a key.
type ClientInterceptor struct {
	client *rpc.Client
	field  string // in lower case
}

// NewClientInterceptor returns an interceptor for a client. The error names every
// option that cannot be honoured.
func NewClientInterceptor(options ...ClientOption) (*ClientInterceptor, error) {
	client, err := rpc.NewClient("idemgrpc", options)
	if err != nil {
		return nil, err
	}
	return &ClientInterceptor{client: client, field: strings.ToLower(client.KeyField)}, nil
}

// Unary sends a unary call again until it is settled, with one key for all tries. It
// is a [grpc.UnaryClientInterceptor].
//
// # The key
//
// A call gets a key unless its outgoing metadata has the field of
// [WithClientKeyField] already: the key of [idempotency.WithKey] in its context, or
// else a new one ([idempotency.NewKey]). A program that repeats a call by itself,
// after an error or after a restart, must name the key with WithKey. Methods whose
// schema says that they have no side effects (NO_SIDE_EFFECTS) or that they ignore
// keys get none; neither do health checks and reflection.
//
// If the request message has a field with the option (idempotency.v1.field).key, or
// one of [WithRequestID], the same key is sent in that field too (AIP-4235). A value
// that the caller has set there is the key of the call, unless the metadata has one;
// a server refuses two different ones. The caller's message is never changed, as a
// copy is sent: to send one message three times is three calls with three keys.
//
// # What is sent again
//
// Calls that have a key, and calls without side effects, are sent again
//
//   - after Unavailable, which a broken connection is too, and after a stream that
//     was reset (RST_STREAM);
//   - after ResourceExhausted and Aborted with a RetryInfo (AIP-193) or a pushback;
//   - after a refusal whose [idempotency.Error.Next] is retry_same_key, such as that
//     of a call in progress; after no other refusal, whatever its status.
//
// A recorded answer (see [Replayed]) is never a reason to retry, as it stays the
// same. All other calls are sent once, since it is unknown what their first try did.
//
// The pause before a retry is that of [WithBackoff], or as long as the server asks
// for in RetryInfo or in the trailer grpc-retry-pushback-ms (gRPC A6), whichever is
// longest. There is no retry when the pushback is negative or malformed, when the
// server asks for more than [WithMaxPause], when the context would end before it,
// after [WithMaxAttempts], and when the budget of [WithRetryBudget] is used up. Then
// the caller gets the last error. A call in progress is asked for until the deadline
// of the context, and for WithMaxAttempts without a deadline.
//
// The retries of grpc-go's own service config happen inside each try, with the same
// key, and do not count here.
//
// # Order and call options
//
// Interceptors that sign or trace each try belong inside this one, those that trace
// the whole call around it. [grpc.Header], [grpc.Trailer] and [grpc.Peer] get what
// the last try got, and [grpc.OnFinish] is called once.
func (c *ClientInterceptor) Unary(ctx context.Context, procedure string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	method := c.client.Method(procedure, nil, false)
	calls := method.Calls
	if calls == rpc.Keyed {
		key := method.Key(ctx, metadata.ValueFromOutgoingContext(ctx, c.field), request)
		if key.New {
			ctx = metadata.AppendToOutgoingContext(ctx, c.field, key.Text)
		}
		if request = key.Fill(request); key.Text == "" {
			calls = rpc.Keyless
		}
	}
	if calls == rpc.Keyless {
		return invoke(ctx, procedure, request, reply, conn, options...)
	}
	call := &clientCall{procedure: procedure, request: request, reply: reply, conn: conn, invoke: invoke}
	call.take(options)
	if calls == rpc.Keyed && c.client.Retries.Hedges() {
		if messages, ok := protobuf(request, reply); ok {
			return race(ctx, c.client.Retries, call, messages)
		}
	}
	return call.finish(retry.Send(ctx, c.client.Retries, call).err)
}
