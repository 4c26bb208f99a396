package idemconnect2

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/httpretry"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/retry"
)

// advise says whether the result of a try settles its call.
func advise(ctx context.Context, err error, info *connect.CallInfo) retry.Advice {
	coded, ok := errors.AsType[*connect.Error](err)
	if !ok || coded == nil { // success, or the error of another interceptor
		return retry.Advice{}
	}
	failure := rpc.Failure{Status: statusOf(coded)}
	failure.ReadHTTP(metadataOf(info))
	if coded.IsRemote() {
		return failure.Advice()
	}
	failure.Replayed = false // an answer with the mark did not arrive whole
	failure.Broken = ctx.Err() == nil && rpc.BrokenHTTP(err, code.Code(coded.Code()), coded.Message())
	if httpretry.Permanent(err) {
		return retry.Advice{}
	}
	return failure.Advice()
}

// metadataOf returns the header of an answer together with its trailer.
func metadataOf(info *connect.CallInfo) http.Header {
	metadata := http.Header{}
	for _, header := range []*connect.Header{info.ResponseHeader(), info.ResponseTrailer()} {
		for name, values := range header.All() {
			metadata[name] = append(slices.Clip(metadata[name]), values...)
		}
	}
	return metadata
}

// Refusal returns the refusal that an error of a call is, if it is one: with its
// reason, the rule that a key breaks, the mark and the time after which to retry.
// Compare it with [errors.Is], as in errors.Is(refusal, idempotency.ErrKeyReused).
// The reason may be one of a newer server; [idempotency.Error.Next] still says what
// to do. Any server can send such an error: it says what the server claims.
func Refusal(err error) (*idempotency.Error, bool) {
	coded, ok := errors.AsType[*connect.Error](err)
	if !ok || coded == nil {
		return nil, false
	}
	refused, _ := refusal.Decode(statusOf(coded))
	return refused, refused != nil
}

// Replayed reports whether the answer of a call is the recorded answer to an earlier
// call with the same key. The call info is the caller's ([connect.NewClientContext]).
// The mark is in the response header; in that of an error over gRPC, it is in the
// trailer. Servers that have [idempotency.WithReplayedField] need its name here; the
// default is Idempotent-Replayed.
func Replayed(info *connect.CallInfo, field ...string) bool {
	return rpc.IsReplay(toHTTP(info.ResponseHeader()), field...) || rpc.IsReplay(toHTTP(info.ResponseTrailer()), field...)
}
