package idemconnect

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/httpretry"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/retry"
)

// advise says whether the result of a try settles its call.
func advise(ctx context.Context, err error) retry.Advice {
	coded, ok := errors.AsType[*connect.Error](err)
	if !ok || coded == nil { // success, or the error of another interceptor
		return retry.Advice{}
	}
	failure := rpc.Failure{Status: statusOf(err)}
	if connect.IsWireError(err) {
		failure.ReadHTTP(coded.Meta())
	} else if failure.Broken = ctx.Err() == nil && broken(coded); httpretry.Permanent(err) {
		return retry.Advice{}
	}
	return failure.Advice()
}

func broken(err *connect.Error) bool {
	return rpc.BrokenHTTP(err, code.Code(err.Code()), err.Message())
}

// Refusal returns the refusal that an error of a call is, if it is one: with its
// reason, the rule that a key breaks, the mark and the time after which to retry.
// Compare it with [errors.Is], as in errors.Is(refusal, idempotency.ErrKeyReused).
// The reason may be one of a newer server; [idempotency.Error.Next] still says what
// to do. Any server can send such an error: it says what the server claims.
func Refusal(err error) (*idempotency.Error, bool) {
	if _, ok := errors.AsType[*connect.Error](err); !ok {
		return nil, false
	}
	refused, _ := refusal.Decode(statusOf(err))
	return refused, refused != nil
}

// Replayed reports whether a header marks the recorded answer to an earlier call
// with the same key: that of a response, the metadata of an error. Servers that
// have [idempotency.WithReplayedField] need its name here; the default is
// Idempotent-Replayed.
func Replayed(header http.Header, field ...string) bool {
	return rpc.IsReplay(header, field...)
}
