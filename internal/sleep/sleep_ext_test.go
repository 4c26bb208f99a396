package sleep_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/internal/sleep"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if !sleep.For(t.Context(), time.Hour) || time.Since(start) != time.Hour {
			t.Errorf("slept %v, want an hour", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if sleep.For(ctx, time.Hour) || time.Since(start) != time.Minute {
			t.Errorf("slept %v, want to the end of the context", time.Since(start))
		}
	})
}
