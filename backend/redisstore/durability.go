package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// roleWarnings warns of servers that are not masters.
func roleWarnings(info string) []string {
	switch {
	case infoField(info, "role") != "slave":
		return nil
	case infoField(info, "slave_read_only") == "1":
		return []string{"the server is a read-only replica: every call with a key is refused; connect to the master"}
	default:
		return []string{"the server is a replica: writes to it are lost; connect to the master"}
	}
}

// evictionWarnings warns of policies that drop records before their time.
func evictionWarnings(info string) []string {
	policy := infoField(info, "maxmemory_policy")
	if infoField(info, "maxmemory") == "0" || policy == "noeviction" {
		return nil
	}
	return []string{fmt.Sprintf("maxmemory-policy is %q: claims and outcomes can be dropped before their time, and operations can run twice; use noeviction", policy)}
}

// persistenceWarnings warns of records that a restart loses. INFO contains
// neither the save points nor appendfsync, so these are read with CONFIG GET if
// the user is allowed to.
func persistenceWarnings(ctx context.Context, server Client, info string, mayReadConfig bool) ([]string, error) {
	const advice = "; set appendonly yes"
	if infoField(info, "aof_enabled") == "1" {
		fsync, _, err := setting(ctx, server, "appendfsync", mayReadConfig)
		if fsync == "no" {
			return []string{"appendfsync is no: a crash of the machine can lose half a minute of claims and outcomes; set appendfsync everysec"}, err
		}
		return nil, err
	}
	save, known, err := setting(ctx, server, "save", mayReadConfig)
	switch {
	case !known:
		return []string{"the append-only file is off: a restart loses everything after the last snapshot, if snapshots are on, and operations can run twice" + advice}, err
	case save == "":
		return []string{"nothing is persisted: a restart loses every record, and operations can run twice" + advice}, err
	default:
		return []string{fmt.Sprintf("the append-only file is off: a restart loses everything after the last snapshot (save %q), and operations can run twice", save) + advice}, err
	}
}

// setting returns a value of the configuration, and whether it is known.
func setting(ctx context.Context, server Client, name string, mayReadConfig bool) (value string, known bool, err error) {
	if !mayReadConfig {
		return "", false, nil
	}
	cmd := redis.NewMapStringStringCmd(ctx, "config", "get", name)
	var reply redis.Error
	if err := process(ctx, server, cmd); errors.As(err, &reply) {
		return "", false, nil
	} else if err != nil {
		return "", false, err
	}
	value, known = cmd.Val()[name]
	return value, known, nil
}

// infoField returns the value of one line of INFO.
func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
