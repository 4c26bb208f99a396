package redisstore

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Check asks Redis, every master of a Cluster, whether it is set up to keep
// what it is given, and returns a warning for a person to read for each thing
// that is not. It is meant for the start of a service. An error means that
// Redis could not be asked, in the time of one step for each server.
//
// It warns when maxmemory is set with an eviction policy other than
// noeviction: Redis may then drop claims, and operations run twice. It does not
// need the CONFIG command, which managed servers often forbid.
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
		info := redis.NewStringCmd(ctx, "info", "memory")
		if err := inTime(ctx, func() error { return server.Process(ctx, info) }); err != nil {
			return err
		}
		policy := field(info.Val(), "maxmemory_policy")
		if field(info.Val(), "maxmemory") != "0" && policy != "noeviction" {
			warnings = append(warnings, fmt.Sprintf("maxmemory-policy is %q: claims and outcomes can be dropped before their time, and operations can run twice; use noeviction", policy))
		}
		return nil
	})
	return warnings, err
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
