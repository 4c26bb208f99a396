package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// pipelined is the sender that shares round trips between the commands of
// concurrent callers. Each caller waits for its own reply. It uses the
// asynchronous auto-pipeline of go-redis, since the synchronous one (AutoPipeline)
// ignores the contexts of its callers.
type pipelined struct{ pipeline *redis.AutoPipeliner }

func newPipelined(client Client) (pipelined, error) {
	c, ok := client.(autoPipeliner)
	if !ok {
		return pipelined{}, errors.New("redisstore: the client has no AsyncAutoPipeline")
	}
	pipeline, err := c.AsyncAutoPipeline()
	if err != nil {
		return pipelined{}, fmt.Errorf("redisstore: %w", err)
	}
	return pipelined{pipeline}, nil
}

func (p pipelined) send(ctx context.Context, cmd redis.Cmder) error {
	return p.pipeline.Submit(ctx, cmd).WaitContext(ctx)
}
