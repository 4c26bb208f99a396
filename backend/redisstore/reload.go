package redisstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// reloadEvery is the least time between two reloads.
const reloadEvery = 100 * time.Millisecond

// reload has a Cluster client fetch anew which servers it is made of. By
// itself it does that once a minute or when a server redirects it, neither of
// which happens when a master is dead.
type reload struct {
	cluster cluster // nil for other clients
	opened  time.Time
	next    atomic.Int64 // nanoseconds since opened
}

func (r *reload) open(client Client) {
	r.cluster, _ = client.(cluster)
	r.opened = time.Now()
}

// after is called with the error of every step that failed.
func (r *reload) after(ctx context.Context, err error) {
	if r.cluster == nil || !suspicious(err) {
		return
	}
	now, next := int64(time.Since(r.opened)), r.next.Load()
	if now >= next && r.next.CompareAndSwap(next, now+int64(reloadEvery)) {
		r.cluster.ReloadState(context.WithoutCancel(ctx))
	}
}

// suspicious tells whether an error may come from a Cluster that has changed:
// whatever is not the answer of a server that serves the record.
func suspicious(err error) bool {
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
