package redisstore_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// TestPermissions runs every step as a user with the documented permissions.
func TestPermissions(t *testing.T) {
	_, admin := own(t, "--appendonly", "yes")
	ok(t, admin.Do(t.Context(), append(documented(t), "on", "nopass")...).Err())
	client := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "app", Password: "any"})
	defer client.Close()
	everyStep(t, client)

	s, key := store(t, client), newKey()
	c := win(t, s, key)
	end := withoutPolling(t, admin, s, 1, key, c)
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
	lonely := store(t, client, redisstore.WithMinReplicas(1, time.Millisecond))
	_, err := lonely.Claim(t.Context(), newKey(), newClaim())
	want(t, err, redisstore.ErrTooFewReplicas)
	refusesNothing(t, admin)
}

// TestPermissionsOfCluster: the client of a Cluster sends additional commands, and
// sends them again after a server has failed.
func TestPermissionsOfCluster(t *testing.T) {
	cluster := redistest.StartCluster(t, "--appendonly", "yes")
	var admins []*redis.Client
	for _, addr := range cluster.Addrs() {
		admin := redis.NewClient(&redis.Options{Addr: addr})
		defer admin.Close()
		ok(t, admin.Do(t.Context(), append(documented(t), "on", "nopass")...).Err())
		admins = append(admins, admin)
	}
	for name, o := range map[string]*redis.ClusterOptions{
		"Plain":               {},
		"ReadsFromReplicas":   {RouteRandomly: true},
		"ReadsFromTheNearest": {RouteByLatency: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Addrs, o.Username, o.Password = cluster.Addrs(), "app", "any"
			client := redis.NewClusterClient(redisstore.PrepareOptions(o))
			defer client.Close()
			for range 5 {
				everyStep(t, client)
			}
			client.ReloadState(t.Context())
			everyStep(t, client)
			finish(t, store(t, client, redisstore.WithMinReplicas(1, 5*time.Second)), newKey(), "done")
			finish(t, store(t, client, redisstore.WithAutoPipeline()), newKey(), "done")
			for _, admin := range admins {
				refusesNothing(t, admin)
			}
		})
	}
}

// everyStep runs every step except Wait.
func everyStep(t *testing.T, client redisstore.Client) {
	t.Helper()
	s, key := store(t, client), newKey()
	warnings, err := s.Check(t.Context())
	if ok(t, err); len(warnings) != 0 {
		t.Errorf("Check: %q", warnings)
	}
	c := win(t, s, key)
	ok(t, s.Extend(t.Context(), key, c.Token, 0, 2*time.Hour))
	next := newClaim()
	next.Replaces = c.Token
	_, err = s.Claim(t.Context(), key, next)
	ok(t, err)
	ok(t, s.Complete(t.Context(), key, next.Token, outcome("done")))
	_, err = s.RetentionLeft(t.Context(), key, next.Token)
	ok(t, err)
	replays(t, s, key, "done")
	other := newKey()
	ok(t, s.Release(t.Context(), other, win(t, s, other).Token))
}

// refusesNothing requires that the server has denied no command.
func refusesNothing(t *testing.T, admin *redis.Client) {
	t.Helper()
	log, err := admin.ACLLog(t.Context(), 10).Result()
	ok(t, err)
	for _, entry := range log {
		t.Errorf("Redis refused %s of %s", entry.Object, entry.Username)
	}
}

// documented returns the command from the package documentation.
func documented(t *testing.T) []any {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	ok(t, err)
	_, rest, _ := strings.Cut(string(source), "//\tACL SETUSER ")
	line, _, _ := strings.Cut(rest, "\n")
	args := []any{"acl", "setuser"}
	for arg := range strings.FieldsSeq(line) {
		args = append(args, arg)
	}
	return args
}
