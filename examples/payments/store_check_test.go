package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency/internal/redistest"
)

// logged returns what a start logs about its store, which has the given time for a
// step. The test must not run in parallel with others, since it sets the default
// logger.
func logged(t *testing.T, url string, timeout time.Duration) string {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	openStore(t, configure(t, func(c *config) { c.store, c.storeTimeout = url, timeout }))
	return log.String()
}

func TestStartWarnsOfEviction(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	if log := logged(t, "redis://"+server.Addr(), testTimeout); !strings.Contains(log, "allkeys-lru") {
		t.Errorf("logged %q", log)
	}
}

func TestStartDoesNotWarnOfGoodRedis(t *testing.T) {
	if log := logged(t, "redis://"+redistest.Start(t, "--appendonly", "yes").Addr(), testTimeout); log != "" {
		t.Errorf("logged %q", log)
	}
}

// The warning does not contain the password.
func TestStartWarnsOfAbsentRedis(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	log := logged(t, "redis://user:secret@"+server.Addr(), 500*time.Millisecond)
	if !strings.Contains(log, "does not answer") || strings.Contains(log, "secret") {
		t.Errorf("logged %q", log)
	}
}
