package idemgrpc

import (
	"context"

	"github.com/oncewire/idempotency/internal/replayed"
)

// ReplayedContext returns a context for a call through the guard, and a function that
// reports, when the call has returned, whether its answer is a replay: a message or an
// error. It is for interceptors outside the guard that log or count calls: there the
// metadata of an answer cannot be read.
//
//	func logCalls(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
//		ctx, replayed := idemgrpc.ReplayedContext(ctx)
//		answer, err := next(ctx, request)
//		slog.InfoContext(ctx, info.FullMethod, "code", status.Code(err), "replayed", replayed())
//		return answer, err
//	}
//
// Refusals are not replays. Replays that a handler gets from services that it calls are
// not reported. Several layers may ask about one call. The function is safe for
// concurrent use, and reports false before the guard answers.
func ReplayedContext(ctx context.Context) (context.Context, func() bool) {
	return replayed.NewContext(ctx)
}
