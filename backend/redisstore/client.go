package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Client is the part of a go-redis client that a store uses. Every
// redis.UniversalClient implements it: *redis.Client for one server or for
// servers that Sentinel monitors, and *redis.ClusterClient.
type Client interface {
	Process(ctx context.Context, cmd redis.Cmder) error
	Pipelined(ctx context.Context, fn func(redis.Pipeliner) error) ([]redis.Cmder, error)
	Subscribe(ctx context.Context, channels ...string) *redis.PubSub
}

// Methods that some clients have in addition.
type (
	autoPipeliner interface {
		AsyncAutoPipeline() (*redis.AutoPipeliner, error)
	}
	cluster interface {
		ReloadState(ctx context.Context)
		MasterForKey(ctx context.Context, key string) (*redis.Client, error)
		ForEachMaster(ctx context.Context, fn func(context.Context, *redis.Client) error) error
	}
)

// checkClient refuses clients with which the store cannot keep its promises. A
// client that reads from replicas is accepted: go-redis sends no command of the
// store to a replica, because none of them is a read-only command.
func checkClient(client Client) error {
	switch client.(type) {
	case nil:
		return errors.New("redisstore: no client")
	case *redis.Ring:
		return errors.New("redisstore: a Ring moves keys to another server when one is down, which loses claims; use a Cluster")
	default:
		return nil
	}
}

// respectsDeadlines reports whether the client stops waiting for a reply at the
// deadline of the context. By default go-redis does not: it waits for its
// ReadTimeout. A clone made by WithTimeout could respect deadlines, but would
// lack the hooks of the client, for example those for tracing.
func respectsDeadlines(client Client) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	default:
		return false
	}
}
