package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Client is what a store uses of a go-redis client. Every
// redis.UniversalClient has it: *redis.Client for one server or for servers
// that Sentinel watches, and *redis.ClusterClient.
type Client interface {
	Process(ctx context.Context, cmd redis.Cmder) error
	Pipelined(ctx context.Context, fn func(redis.Pipeliner) error) ([]redis.Cmder, error)
	Subscribe(ctx context.Context, channels ...string) *redis.PubSub
}

// What some clients can do beside that, and the store makes use of.
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

// usable refuses clients on which the store cannot keep its promises. One that
// reads from replicas is fine: nothing that the store sends counts as reading.
func usable(client Client) error {
	switch client.(type) {
	case nil:
		return errors.New("redisstore: no client")
	case *redis.Ring:
		return errors.New("redisstore: a Ring moves keys to other servers when one is down, which forgets claims: use a Cluster")
	default:
		return nil
	}
}

// heedsDeadlines reports whether the client itself gives up waiting for a
// reply when the context's deadline has passed. By default go-redis does not,
// and waits for its ReadTimeout. A clone by WithTimeout could be made to, but
// it would leave out the hooks of the client, such as those for tracing.
func heedsDeadlines(client Client) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	default:
		return false
	}
}
