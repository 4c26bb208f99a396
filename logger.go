package idempotency

import (
	"context"
	"log/slog"
)

// logObserver logs the events that an operator should know.
type logObserver struct{ logger *slog.Logger }

// Observe implements Observer.
func (o logObserver) Observe(ctx context.Context, event Event) {
	level, logged := logLevels[event.Kind]
	if !logged || !o.logger.Enabled(ctx, level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("event", event.Kind.String()),
		slog.String("operation", event.Operation),
		slog.String("key", event.Key.String()[:12]),
		slog.Int("attempt", event.Attempt),
	}
	if event.Err != nil {
		attributes = append(attributes, slog.String("error", event.Err.Error()))
	}
	o.logger.LogAttrs(ctx, level, "idempotency", attributes...)
}

var logLevels = map[EventKind]slog.Level{
	EventTakenOver:     slog.LevelInfo,
	EventFailedOpen:    slog.LevelWarn,
	EventStoreError:    slog.LevelError,
	EventLeaseLost:     slog.LevelWarn,
	EventFinishFailed:  slog.LevelWarn,
	EventFinishDropped: slog.LevelError,
	EventCommitFailed:  slog.LevelWarn,
	EventUnscoped:      slog.LevelWarn,
}
