package idempotency

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// observers are all observers of an engine.
type observers []Observer

// notify invokes the observers. A panic of an observer continues in the call,
// whose claim was finished before or does not exist yet.
func (o observers) notify(ctx context.Context, event Event) {
	for _, observer := range o {
		observer.Observe(ctx, event)
	}
}

// notifySafely is notify for the engine's own goroutines, in which a panic would
// end the process. The panic is logged.
func (o observers) notifySafely(ctx context.Context, event Event) {
	defer func() {
		if cause := recover(); cause != nil {
			slog.ErrorContext(ctx, "idempotency: an observer panicked",
				slog.String("event", event.Kind.String()), slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
		}
	}()
	o.notify(ctx, event)
}

// refused reports a refusal, and returns it.
func (o observers) refused(ctx context.Context, event Event, refusal *Error) *Error {
	event.Kind, event.Reason, event.Err = EventRefused, refusal.Reason, refusal.cause
	o.notify(ctx, event)
	return refusal
}

// now returns the time, or zero without observers: only they need it, and reading
// the clock is a good part of the cost of a call.
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
