package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// pipelined is the sender that shares round trips between the commands of
// concurrent callers. Each caller waits for its own reply. It uses the
// asynchronous auto-pipeline of go-redis, since the synchronous one (AutoPipeline)
// ignores the contexts of its callers.
//
// A command that no other one accompanies is sent directly: the pipeline would hand it
// to another goroutine, which takes longer than it saves.
type pipelined struct {
	pipeline *redis.AutoPipeliner
	direct   sender
	underway *atomic.Int64 // the commands that are being sent
}

func newPipelined(client Client) (pipelined, error) {
	c, ok := client.(autoPipeliner)
	if !ok {
		return pipelined{}, errors.New("redisstore: the client has no AsyncAutoPipeline")
	}
	pipeline, err := c.AsyncAutoPipeline()
	if err != nil {
		return pipelined{}, fmt.Errorf("redisstore: %w", err)
	}
	return pipelined{pipeline: pipeline, direct: newDirect(client), underway: new(atomic.Int64)}, nil
}

func (p pipelined) send(ctx context.Context, cmd redis.Cmder) error {
	defer p.underway.Add(-1)
	if p.underway.Add(1) == 1 {
		return p.direct.send(ctx, cmd)
	}
	return p.pipeline.Submit(ctx, cmd).WaitContext(ctx)
}

// sendPair leaves the first command out if other commands are under way: the pipeline
// of the client can be configured to send commands in any order.
func (p pipelined) sendPair(ctx context.Context, first, second redis.Cmder) error {
	defer p.underway.Add(-1)
	if p.underway.Add(1) == 1 {
		return p.direct.sendPair(ctx, first, second)
	}
	return p.pipeline.Submit(ctx, second).WaitContext(ctx)
}
