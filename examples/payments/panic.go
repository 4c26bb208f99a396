package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// panicMessage is the message of a client after a panic. It has no internals.
const panicMessage = "the payment service failed"

// logPanic logs a panic that was recovered from.
func logPanic(ctx context.Context, operation string, cause any) {
	slog.ErrorContext(ctx, "panic", "operation", operation,
		"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
}
