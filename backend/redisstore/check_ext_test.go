package redisstore_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
)

// warns requires that Check returns exactly one warning for each text, and that the
// warning contains it.
func warns(t *testing.T, client *redis.Client, texts ...string) {
	t.Helper()
	warnings, err := store(t, client).Check(t.Context())
	ok(t, err)
	if len(warnings) != len(texts) {
		t.Errorf("%d warnings: %q, want %q", len(warnings), warnings, texts)
		return
	}
	for i, text := range texts {
		if !strings.Contains(warnings[i], text) {
			t.Errorf("warned of %q, want %q", warnings[i], text)
		}
	}
}

// as returns a client for a user with the permissions.
func as(t *testing.T, admin *redis.Client, name string, permissions ...any) *redis.Client {
	t.Helper()
	ok(t, admin.Do(t.Context(), append([]any{"acl", "setuser", name, "on", "nopass"}, permissions...)...).Err())
	client := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: name, Password: "any"})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestCheckWarnsOfEviction(t *testing.T) {
	_, client := own(t, "--appendonly", "yes")
	for _, c := range []struct {
		memory, policy string
		warning        []string
	}{
		{"0", "allkeys-lru", nil},
		{"100mb", "noeviction", nil},
		{"100mb", "allkeys-lru", []string{"allkeys-lru"}},
		{"100mb", "volatile-ttl", []string{"volatile-ttl"}},
	} {
		ok(t, client.ConfigSet(t.Context(), "maxmemory", c.memory).Err())
		ok(t, client.ConfigSet(t.Context(), "maxmemory-policy", c.policy).Err())
		warns(t, client, c.warning...)
	}
}

// TestCheckWarnsOfPermissions: Check names the missing permissions of each user.
func TestCheckWarnsOfPermissions(t *testing.T) {
	_, admin := own(t, "--appendonly", "yes")
	all := []any{"~*", "&*", "+@all"}
	for name, c := range map[string]struct {
		permissions []any
		warning     []string
	}{
		"all":         {all, nil},
		"documented":  {documented(t)[3:], nil},
		"noscripts":   {append(all[:3:3], "-eval"), []string{"may not run scripts"}},
		"nodigests":   {append(all[:3:3], "-evalsha"), []string{"EVALSHA"}},
		"nowrites":    {append(all[:3:3], "-set", "-del"), []string{"SET, DEL"}},
		"othernames":  {[]any{"~other:*", "+@all"}, []string{"SET, GET"}},
		"readsrecord": {[]any{"%R~idem:*", "+@all"}, []string{"SET, SETRANGE, DEL, PEXPIRE"}},
		"noconfig":    {append(all[:3:3], "-config"), nil},
	} {
		t.Run(name, func(t *testing.T) { warns(t, as(t, admin, name, c.permissions...), c.warning...) })
	}
	t.Run("nowait", func(t *testing.T) {
		client := as(t, admin, "nowait", append(all[:3:3], "-wait")...)
		warns(t, client)
		warnings, err := store(t, client, redisstore.WithMinReplicas(1, time.Second)).Check(t.Context())
		ok(t, err)
		if len(warnings) != 1 || !strings.Contains(warnings[0], "WAIT") {
			t.Errorf("%q", warnings)
		}
	})
}

// TestCheckWithoutScripts: the server does not have the command EVAL.
func TestCheckWithoutScripts(t *testing.T) {
	_, client := own(t, "--appendonly", "yes", "--rename-command", "EVAL", "")
	warns(t, client, "scripts do not run")
}

// TestCheckNeedsNoConfig: Check does not send CONFIG if the user may not run it,
// because servers log denied commands.
func TestCheckNeedsNoConfig(t *testing.T) {
	_, admin := own(t)
	warns(t, as(t, admin, "app", "~*", "&*", "+@all", "-config"), "the append-only file is off")
	log, err := admin.ACLLog(t.Context(), 10).Result()
	ok(t, err)
	if len(log) != 0 {
		t.Errorf("Redis logged %v", log)
	}
	_, gone := own(t, "--rename-command", "CONFIG", "")
	warns(t, gone, "the append-only file is off")
}

func TestCheckWarnsOfPersistence(t *testing.T) {
	_, client := own(t)
	warns(t, client, "nothing is persisted")
	set := func(name, value string) { ok(t, client.ConfigSet(t.Context(), name, value).Err()) }
	set("save", "3600 1")
	warns(t, client, `(save "3600 1")`)
	set("save", "")
	set("appendonly", "yes")
	warns(t, client)
	set("appendfsync", "no")
	warns(t, client, "appendfsync")
	set("appendfsync", "always")
	warns(t, client)
}

func TestCheckWarnsOfReplicas(t *testing.T) {
	master, _ := own(t)
	host, port, err := net.SplitHostPort(master.Addr())
	ok(t, err)
	_, client := own(t, "--replicaof", host+" "+port, "--appendonly", "yes")
	warns(t, client, "read-only replica")
	ok(t, client.ConfigSet(t.Context(), "replica-read-only", "no").Err())
	warns(t, client, "is a replica")
}
