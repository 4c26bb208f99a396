package idemconnect2

import (
	"context"

	"github.com/oncewire/idempotency/internal/replayed"
)

// ReplayedContext returns a context for a call through the guard, and a function that
// reports, when the call has returned, whether its answer is a replay: a message or an
// error. It is for interceptors outside the guard that log or count calls, and for
// HTTP middlewares around the handler.
//
//	func logCalls(next connect.ServerFunc) connect.ServerFunc {
//		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
//			ctx, replayed := idemconnect2.ReplayedContext(ctx)
//			err := next(ctx, spec, stream)
//			slog.InfoContext(ctx, spec.Procedure, "replayed", replayed())
//			return err
//		}
//	}
//
// Refusals are not replays. Replays that a handler gets from services that it calls are
// not reported. Several layers may ask about one call. The function is safe for
// concurrent use, and reports false before the guard answers.
func ReplayedContext(ctx context.Context) (context.Context, func() bool) {
	return replayed.NewContext(ctx)
}
