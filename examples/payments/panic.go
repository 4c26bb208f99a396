package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// panicMessage tells a client nothing of what went wrong inside.
const panicMessage = "the payment service failed"

// logPanic is where a panic ends at the RPC doors: the process goes on.
func logPanic(ctx context.Context, operation string, cause any) {
	slog.ErrorContext(ctx, "panic", "operation", operation,
		"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
}
