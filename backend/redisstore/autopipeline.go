package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// piped shares round trips between the commands of concurrent callers. Each
// caller waits for its own reply. go-redis's face for callers that wait (its
// AutoPipeline) does not heed their contexts, so this is the other one, with a
// wait that does.
type piped struct{ pipeline *redis.AutoPipeliner }

func newPiped(client Client) (sender, error) {
	c, ok := client.(autoPipeliner)
	if !ok {
		return nil, errors.New("redisstore: the client has no AsyncAutoPipeline")
	}
	pipeline, err := c.AsyncAutoPipeline()
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w", err)
	}
	return piped{pipeline}, nil
}

func (p piped) send(ctx context.Context, cmd redis.Cmder) error {
	return p.pipeline.Submit(ctx, cmd).WaitContext(ctx)
}
