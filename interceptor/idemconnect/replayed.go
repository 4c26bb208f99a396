package idemconnect

import (
	"context"

	"github.com/oncewire/idempotency/internal/replayed"
)

// ReplayedContext returns a context for a call through the guard, and a function that
// reports, when the call has returned, whether its answer is a replay: a message or an
// error. It is for interceptors outside the guard that log or count calls, and for
// HTTP middlewares around the handler.
//
//	func logCalls(next connect.UnaryFunc) connect.UnaryFunc {
//		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
//			ctx, replayed := idemconnect.ReplayedContext(ctx)
//			answer, err := next(ctx, request)
//			slog.InfoContext(ctx, request.Spec().Procedure, "replayed", replayed())
//			return answer, err
//		}
//	}
//
// Refusals are not replays. Replays that a handler gets from services that it calls are
// not reported. Several layers may ask about one call. The function is safe for
// concurrent use, and reports false before the guard answers.
func ReplayedContext(ctx context.Context) (context.Context, func() bool) {
	return replayed.NewContext(ctx)
}
