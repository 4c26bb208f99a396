package redisstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
)

func TestOptionsAreChecked(t *testing.T) {
	client := connect(t)
	_, err := redisstore.New(client, redisstore.WithTimeout(time.Second), redisstore.WithMinReplicas(1, time.Minute))
	if err == nil || !strings.Contains(err.Error(), "1m0s") {
		t.Errorf("waiting for replicas longer than for a step: %v", err)
	}
	for name, option := range map[string]redisstore.Option{
		"prefix with braces":   redisstore.WithPrefix("{tag}:"),
		"negative timeout":     redisstore.WithTimeout(-1),
		"negative replicas":    redisstore.WithMinReplicas(-1, time.Second),
		"no time for replicas": redisstore.WithMinReplicas(1, 0),
		"negative threshold":   redisstore.WithCompression(-1),
	} {
		if _, err := redisstore.New(client, option); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestClientsAreChecked(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{})
	defer ring.Close()
	for name, client := range map[string]redisstore.Client{"none": nil, "ring": ring} {
		if _, err := redisstore.New(client); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestPrefix: the name of a record is the prefix and a digest.
func TestPrefix(t *testing.T) {
	for _, prefix := range []string{"", "other:"} {
		client, key := connect(t), newKey()
		finish(t, store(t, client, redisstore.WithPrefix(prefix)), key, "done")
		if names := client.Keys(t.Context(), "*").Val(); len(names) != 1 || names[0] != prefix+key.String() {
			t.Errorf("stored under %q", names)
		}
	}
}
