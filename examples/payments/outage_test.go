//go:build unix

package main

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/redistest"
)

const (
	crowd  = 192 // calls at once
	crowds = 2   // while Redis cannot be used
	// stepTime is the timeout of a step of the store. There are so few connections
	// that the calls of a crowd would exceed testTimeout if they waited for one
	// another.
	stepTime    = time.Second
	connections = 4
	// unconfirmed is how many unconfirmed claims the engine releases in the
	// background at a time: a quarter of its retries. Each has a goroutine.
	unconfirmed = idempotency.DefaultRetries / 4
	// retryWindow is how long it repeats the release of each.
	retryWindow = 5 * time.Second
	// few is the tolerance for goroutines of connections.
	few = 50
)

// outage is a server in this process and the Redis server that it depends on.
type outage struct {
	*testing.T
	*testServer

	redis    *redistest.Server
	clients  []client // one for each protocol, made once, since they have goroutines
	retrying []client // the same, with retries
	idle     int      // goroutines while no call runs
}

// startOutage starts the server and Redis. The test must not run in parallel with
// others, since it counts goroutines.
func startOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{T: t, redis: redistest.Start(t)}
	c := configure(t, func(c *config) {
		c.store, c.storeTimeout = fmt.Sprintf("redis://%s?pool_size=%d", o.redis.Addr(), connections), stepTime
		c.lease = 6 * time.Second
	})
	o.testServer = serve(t, c, openStore(t, c), idempotency.WithLimits(idempotency.Limits{RetryWindow: retryWindow}))
	for _, p := range protocols {
		c := p.dial(t, o.testServer)
		o.clients, o.retrying = append(o.clients, c), append(o.retrying, retryingClient{c})
		c.create(t.Context(), charge("").keyless()).wantFirst(t)
	}
	o.idle = runtime.NumGoroutine()
	for _, a := range o.crowd("before", o.retrying) {
		a.wantFirst(t)
	}
	o.awaitGoroutines(o.idle + few)
	return o
}

// crowd makes many calls at once, each with a key of its own.
func (o *outage) crowd(keys string, through []client) []answer {
	o.Helper()
	return take(crowd, atOnce(o.T, crowd, func(i int) call { return charge(fmt.Sprint(keys, i)) }, through))
}

// retryingClient retries refusals that can be retried.
type retryingClient struct{ client }

func (c retryingClient) create(ctx context.Context, call call) (last answer) {
	for deadline := time.Now().Add(testTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = c.client.create(ctx, call); !last.is(storeIsDown) && !last.is(inProgress) {
			break
		}
	}
	return last
}

// wantRefusals checks that calls are refused while Redis cannot be used, how soon,
// and that goroutines do not accumulate.
func (o *outage) wantRefusals() {
	o.Helper()
	for i := range crowds {
		start := time.Now()
		for _, a := range o.crowd(fmt.Sprint("during-", i, "-"), o.clients) {
			a.wantRefusal(o, storeIsDown)
		}
		took := time.Since(start)
		if took > testTimeout {
			o.Errorf("refused after %v, want %v at most", took, testTimeout)
		}
		o.Logf("%d calls refused within %v, %d goroutines", crowd, took.Round(time.Millisecond), runtime.NumGoroutine())
	}
	o.awaitGoroutines(o.idle + unconfirmed + few)
}

func (o *outage) awaitGoroutines(most int) {
	o.Helper()
	eventually(o, "goroutines to end", func() bool { return runtime.NumGoroutine() <= most })
	o.Logf("%d goroutines when idle, %d now", o.idle, runtime.NumGoroutine())
}

// wantKeylessCalls checks that calls without a key, which need no store, run over
// every protocol.
func (o *outage) wantKeylessCalls() {
	o.Helper()
	for _, c := range o.clients {
		c.create(o.Context(), charge("").keyless()).wantFirst(o)
	}
}

// awaitRecovery waits until calls with a key run over every protocol.
func (o *outage) awaitRecovery() {
	o.Helper()
	start := time.Now()
	for i, c := range o.retrying {
		c.create(o.Context(), charge(fmt.Sprint("recovered-", i))).wantFirst(o)
	}
	o.Logf("recovered after %v", time.Since(start).Round(time.Millisecond))
	o.awaitGoroutines(o.idle + few)
}

// survivors retries the first crowd and counts the replays.
func (o *outage) survivors() (survived int) {
	o.Helper()
	for _, a := range o.crowd("before", o.retrying) {
		if a.payment == nil {
			o.Errorf("got %+v", a)
		}
		if a.replayed {
			survived++
		}
	}
	o.Logf("%d of %d answers survived", survived, crowd)
	return survived
}

func TestRedisKilled(t *testing.T) {
	o := startOutage(t)
	served := len(o.entries(""))
	running := inBackground(t, o.clients[0], held("running"))
	o.awaitEntries(served + 1)
	o.redis.Kill()
	o.resumeHeld()
	(<-running).wantFirst(t) // the charge was made, and its client gets the answer
	o.wantRefusals()
	o.wantKeylessCalls()

	if err := o.redis.Restart(); err != nil {
		t.Fatal(err)
	}
	o.awaitRecovery()
	if n := o.survivors(); n != 0 {
		t.Errorf("%d replays from an empty Redis", n)
	}
}

func TestRedisHangs(t *testing.T) {
	o := startOutage(t)
	o.redis.Pause()
	o.wantRefusals()
	o.wantKeylessCalls()
	o.redis.Resume()
	o.awaitRecovery()
	if n := o.survivors(); n != crowd {
		t.Error("Redis lost records")
	}
}
