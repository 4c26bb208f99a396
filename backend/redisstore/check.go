package redisstore

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Check asks Redis, every master of a Cluster, whether it is set up to keep
// what it is given, and returns a warning for a person to read for each thing
// that is not. It is meant for the start of a service, changes nothing, and is
// safe for concurrent use. An error means that Redis could not be asked, in the
// time of one step for each server.
//
// It warns when
//
//   - the user may not run scripts, or not all commands that a store sends
//     (the latter is found out by Redis 7 and newer, and by Valkey);
//   - the server is a replica;
//   - maxmemory is set with an eviction policy other than noeviction: Redis may
//     then drop claims, and operations run twice;
//   - the append-only file is off, or appendfsync is no. A restart then forgets
//     records. Everysec, which can lose one second, is not warned of.
//
// It needs INFO and EVAL, and no CONFIG command, which managed servers often
// forbid; with CONFIG GET it can also tell whether there are snapshots.
func (s *Store) Check(ctx context.Context) (warnings []string, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	c, ok := s.client.(cluster)
	if !ok {
		return s.check(ctx, s.client)
	}
	var mu sync.Mutex
	err = c.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		found, err := s.check(ctx, master)
		mu.Lock()
		defer mu.Unlock()
		for _, warning := range found {
			warnings = append(warnings, master.Options().Addr+": "+warning)
		}
		return err
	})
	return warnings, err
}

// check asks one server.
func (s *Store) check(ctx context.Context, server Client) (warnings []string, err error) {
	err = s.step(ctx, "check", func(ctx context.Context) error {
		info := redis.NewStringCmd(ctx, "info")
		if err := process(ctx, server, info); err != nil {
			return err
		}
		rights, err := s.rights(ctx, server)
		if err != nil {
			return err
		}
		kept, err := persistence(ctx, server, info.Val(), rights.config)
		warnings = append(append(append(rights.warnings(), role(info.Val())...), eviction(info.Val())...), kept...)
		return err
	})
	return warnings, err
}

func process(ctx context.Context, server Client, cmd redis.Cmder) error {
	return inTime(ctx, func() error { return server.Process(ctx, cmd) })
}
