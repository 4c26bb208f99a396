package main

import (
	"flag"
	"log/slog"
	"os"
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Panics, takeovers and outages are on purpose here, and so is their noise.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	logging.Disable()
	// These tests wait more than they compute, so a few processors can run many
	// of them. What the command line says comes after this and goes before it.
	flag.Set("test.parallel", "16")
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeBinary()
		os.Exit(code)
	}))
}
