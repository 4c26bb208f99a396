package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency/internal/redistest"
)

// logged returns what a start logs about its store, which it asks for no longer
// than the time given. It is for tests that run alone.
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
	if log := logged(t, "redis://"+server.Addr(), patience); !strings.Contains(log, "allkeys-lru") {
		t.Errorf("logged %q", log)
	}
}

func TestStartSaysNothingOfGoodRedis(t *testing.T) {
	if log := logged(t, "redis://"+redistest.Start(t, "--appendonly", "yes").Addr(), patience); log != "" {
		t.Errorf("logged %q", log)
	}
}

// Nor does it say the password of a Redis that is not there.
func TestStartWarnsOfNoRedis(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	log := logged(t, "redis://user:secret@"+server.Addr(), 500*time.Millisecond)
	if !strings.Contains(log, "does not answer") || strings.Contains(log, "secret") {
		t.Errorf("logged %q", log)
	}
}
