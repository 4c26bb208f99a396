package idemconnect2

import (
	"context"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// target is where a call goes on to, and its stream.
type target struct {
	spec   connect.Spec
	next   connect.ServerFunc
	stream connect.ServerStream
}

// unaryCall is a unary call that has a key. It runs the handler under a claim and
// records its answer.
type unaryCall struct {
	target

	guard  *rpc.Guard
	method *rpc.Method
	info   *connect.CallInfo
	key    string
	held   heldBack

	// What the handler answered.
	capture metadataCapture
	err     error
}

func (u *unaryCall) run(ctx context.Context) idempotency.Answer {
	u.capture = captureMetadata(u.info)
	ctx = context.WithValue(ctx, captureKey{}, &u.capture)
	u.err = u.next(ctx, u.spec, &u.held)
	headers, trailers := u.capture.captured()
	if u.err == nil {
		return u.guard.Success(u.method, u.held.response, headers, trailers)
	}
	returned, sent := statuses(u.err)
	return u.guard.FailureSentAs(u.method, u.key, returned, sent, headers, trailers)
}

// captureKey is the key of a capture in the context of its handler.
type captureKey struct{}

// split is the rpc.Splitter of Connect.
func split(ctx context.Context, response any) (parts rpc.Parts) {
	if capture, ok := ctx.Value(captureKey{}).(*metadataCapture); ok {
		parts.Headers, parts.Trailers = capture.captured()
	}
	if err, failed := response.(error); failed {
		parts.Returned, parts.Sent = statuses(err)
		return parts
	}
	parts.Message = response
	return parts
}

// discard discards what the handler answered, if it ran: its transaction was not
// committed, or has committed another answer.
func (u *unaryCall) discard() {
	if u.capture.info != nil {
		u.capture.undo()
	}
}

// answer sends what the handler answered, which is recorded now. An error wins over a
// message, since no client of a unary method gets both.
func (u *unaryCall) answer() error {
	if u.err != nil || !u.held.sent {
		return u.err
	}
	return u.stream.Send(u.held.response)
}

func (u *unaryCall) hasCredentials() bool { return hasCredentials(u.info) }

func hasCredentials(info *connect.CallInfo) bool {
	return info.RequestHeader().Has("Authorization") || info.RequestHeader().Has("Cookie")
}
