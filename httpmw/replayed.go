package httpmw

import (
	"context"

	"github.com/oncewire/idempotency/internal/replayed"
)

// ReplayedContext returns a context for a request through the guard, and a function
// that reports, when the handler has returned, whether the answer is a replay. It is for
// middlewares outside the guard that log or count requests:
//
//	http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//		ctx, replayed := httpmw.ReplayedContext(r.Context())
//		r = r.WithContext(ctx)
//		guarded.ServeHTTP(w, r)
//		slog.InfoContext(ctx, r.URL.Path, "replayed", replayed())
//	})
//
// The guard may also be one of package idemconnect or idemgrpc in a handler of this
// process: their replays over gRPC have no mark in the header of the answer. If only
// another process guards, such as the service behind a gateway or a proxy, the function
// reports false. Its mark is in w.Header().
//
// Refusals are not replays. Replays that a handler gets from services that it calls are
// not reported. Several layers may ask about one request. The function is safe for
// concurrent use, and reports false before the guard answers.
func ReplayedContext(ctx context.Context) (context.Context, func() bool) {
	return replayed.NewContext(ctx)
}
