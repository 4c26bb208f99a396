package redisstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// reloadInterval is the minimum time between two reloads.
const reloadInterval = 100 * time.Millisecond

// reloader makes a Cluster client reload the list of its servers after an
// error. The client itself reloads the list once a minute or when a server
// redirects it; neither helps soon when a master is dead.
type reloader struct {
	cluster cluster // nil for other clients
	started time.Time
	next    atomic.Int64 // nanoseconds since started
}

func newReloader(client Client) *reloader {
	r := &reloader{started: time.Now()}
	r.cluster, _ = client.(cluster)
	return r
}

// afterError is run with the error of every step that failed.
func (r *reloader) afterError(ctx context.Context, err error) {
	if r.cluster == nil || !mayBeMoved(err) {
		return
	}
	now, next := int64(time.Since(r.started)), r.next.Load()
	if now >= next && r.next.CompareAndSwap(next, now+int64(reloadInterval)) {
		r.cluster.ReloadState(context.WithoutCancel(ctx))
	}
}

// mayBeMoved reports whether the error can be the result of a changed Cluster.
// It returns false for replies that only the server of the record gives.
func mayBeMoved(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, backend.ErrClaimLost) || errors.Is(err, backend.ErrCorrupt) {
		return false
	}
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true
	}
	for _, state := range []string{"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "LOADING"} {
		if redis.HasErrorPrefix(reply, state) {
			return true
		}
	}
	return false
}
