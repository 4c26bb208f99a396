package idempotency

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// observers are all observers of an engine.
type observers []Observer

// tell tells the observers. An observer that panics does so on the call's own
// path, when the claim has been finished or did not exist yet.
func (o observers) tell(ctx context.Context, event Event) {
	for _, observer := range o {
		observer.Observe(ctx, event)
	}
}

// tellSafely is tell for the engine's own goroutines, in which a panic would end
// the process. It is logged instead.
func (o observers) tellSafely(ctx context.Context, event Event) {
	defer func() {
		if cause := recover(); cause != nil {
			slog.ErrorContext(ctx, "idempotency: an observer panicked",
				slog.String("event", event.Kind.String()), slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
		}
	}()
	o.tell(ctx, event)
}

// refuse tells the observers of a refusal, and returns it.
func (o observers) refuse(ctx context.Context, event Event, refusal *Error) *Error {
	event.Kind, event.Reason, event.Err = EventRefused, refusal.Reason, refusal.cause
	o.tell(ctx, event)
	return refusal
}

// now and since measure what only observers want to know: reading the clock is a
// good part of what a call costs.
func (o observers) now() (now time.Time) {
	if len(o) > 0 {
		now = time.Now()
	}
	return now
}

func (o observers) since(start time.Time) time.Duration {
	if len(o) == 0 {
		return 0
	}
	return time.Since(start)
}
