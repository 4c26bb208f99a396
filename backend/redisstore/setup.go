package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// role warns of servers that are not masters.
func role(info string) []string {
	switch {
	case field(info, "role") != "slave":
		return nil
	case field(info, "slave_read_only") == "1":
		return []string{"the server is a read-only replica: every call with a key is refused; connect to the master"}
	default:
		return []string{"the server is a replica: what is written to it is lost; connect to the master"}
	}
}

func eviction(info string) []string {
	policy := field(info, "maxmemory_policy")
	if field(info, "maxmemory") == "0" || policy == "noeviction" {
		return nil
	}
	return []string{fmt.Sprintf("maxmemory-policy is %q: claims and outcomes can be dropped before their time, and operations can run twice; use noeviction", policy)}
}

// persistence warns of what a restart forgets. INFO says nothing of save points
// and of appendfsync, so these are asked for where the user may.
func persistence(ctx context.Context, server Client, info string, mayAsk bool) ([]string, error) {
	const advice = "; set appendonly yes"
	if field(info, "aof_enabled") == "1" {
		fsync, _, err := setting(ctx, server, "appendfsync", mayAsk)
		if fsync == "no" {
			return []string{"appendfsync is no: a crash of the machine can lose half a minute of claims and outcomes; set appendfsync everysec"}, err
		}
		return nil, err
	}
	save, known, err := setting(ctx, server, "save", mayAsk)
	switch {
	case !known:
		return []string{"the append-only file is off: a restart forgets all that came after the last snapshot, if there are any, and operations can run twice" + advice}, err
	case save == "":
		return []string{"nothing is persisted: a restart forgets every record, and operations can run twice" + advice}, err
	default:
		return []string{fmt.Sprintf("the append-only file is off: a restart forgets all that came after the last snapshot (save %q), and operations can run twice", save) + advice}, err
	}
}

// setting returns a part of the configuration, and whether the server told it.
func setting(ctx context.Context, server Client, name string, mayAsk bool) (value string, known bool, err error) {
	if !mayAsk {
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

// field returns the value of one line of INFO.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
