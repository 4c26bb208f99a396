package redisstore

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Check examines whether Redis, every master of a Cluster, is configured to
// store records safely, and returns a human-readable warning for each problem.
// It is meant for the start of a service, changes nothing, and is safe for
// concurrent use. It returns an error if a server does not answer within the
// time of one step.
//
// It warns if
//
//   - the user may not run scripts, or may not run all commands that a store
//     sends (the latter needs Redis 7 or newer, or Valkey);
//   - the server is a replica;
//   - maxmemory is set with an eviction policy other than noeviction: Redis may
//     then drop claims, and operations run twice;
//   - the append-only file is off, or appendfsync is no: a restart then loses
//     records. It does not warn of appendfsync everysec, which can lose one
//     second.
//
// Check needs INFO and EVAL. It does not need CONFIG, which managed servers
// often forbid; with CONFIG GET it can also tell whether snapshots are on.
func (s *Store) Check(ctx context.Context) (warnings []string, err error) {
	if err := s.steps.check(ctx); err != nil {
		return nil, err
	}
	c, ok := s.client.(cluster)
	if !ok {
		return s.checkServer(ctx, s.client)
	}
	var mu sync.Mutex
	err = c.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		found, err := s.checkServer(ctx, master)
		mu.Lock()
		defer mu.Unlock()
		for _, warning := range found {
			warnings = append(warnings, master.Options().Addr+": "+warning)
		}
		return err
	})
	return warnings, err
}

func (s *Store) checkServer(ctx context.Context, server Client) (warnings []string, err error) {
	err = s.steps.run(ctx, "check", func(ctx context.Context) error {
		info := redis.NewStringCmd(ctx, "info")
		if err := process(ctx, server, info); err != nil {
			return err
		}
		permissions, err := readPermissions(ctx, server, s.prefix, s.replication.replicas)
		if err != nil {
			return err
		}
		persistence, err := persistenceWarnings(ctx, server, info.Val(), permissions.config)
		warnings = append(append(append(permissions.warnings(), roleWarnings(info.Val())...), evictionWarnings(info.Val())...), persistence...)
		return err
	})
	return warnings, err
}
