package redisstore_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
)

// TestPermissions runs every step as the user whom the package documentation
// describes.
func TestPermissions(t *testing.T) {
	_, admin := own(t)
	ok(t, admin.Do(t.Context(), append(documented(t), "on", "nopass")...).Err())
	client := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "app", Password: "any"})
	defer client.Close()
	s, key := store(t, client, redisstore.WithTimeout(time.Second)), newKey()
	_, err := s.Check(t.Context())
	ok(t, err)

	c := win(t, s, key)
	ok(t, s.Extend(t.Context(), key, c.Token, 0, 2*time.Hour))
	next := newClaim()
	next.Replaces = c.Token
	_, err = s.Claim(t.Context(), key, next)
	ok(t, err)
	end := waiting(t, admin, s, 1, key, next)
	ok(t, s.Complete(t.Context(), key, next.Token, outcome("done")))
	end(nil, soon)

	other := newKey()
	ok(t, s.Release(t.Context(), other, win(t, s, other).Token))
	lonely := store(t, client, redisstore.WithMinReplicas(1, time.Millisecond))
	_, err = lonely.Claim(t.Context(), newKey(), newClaim())
	want(t, err, redisstore.ErrTooFewReplicas)
}

// documented returns the command from the package documentation.
func documented(t *testing.T) []any {
	t.Helper()
	source, err := os.ReadFile("store.go")
	ok(t, err)
	_, rest, _ := strings.Cut(string(source), "//\tACL SETUSER ")
	line, _, _ := strings.Cut(rest, "\n")
	args := []any{"acl", "setuser"}
	for arg := range strings.FieldsSeq(line) {
		args = append(args, arg)
	}
	return args
}
