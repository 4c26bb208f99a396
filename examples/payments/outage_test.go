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
	crowd  = 192
	crowds = 2 // while Redis is away
	// stepTime is what the store may take for a step. Redis has so few
	// connections that a crowd whose calls waited for one another would take
	// longer than anybody has patience.
	stepTime    = time.Second
	connections = 4
	// strays is how many claims that may have come through after all the engine
	// tries to give back at a time: a quarter of its backlog. Each is a goroutine.
	strays = idempotency.DefaultBacklog / 4
	// straysFor is how long it tries: they may arrive as long as that.
	straysFor = 5 * time.Second
	// few is for connections that come and go.
	few = 50
)

// outage is a server in this process, and the Redis that it depends on.
type outage struct {
	*testing.T
	*world

	redis   *redistest.Server
	doors   []door // opened once, since a client takes goroutines too
	patient []door // the same doors
	calm    int    // goroutines while nothing is to do
}

// startOutage is for tests that run alone: they count goroutines.
func startOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{T: t, redis: redistest.Start(t)}
	c := configure(t, func(c *config) {
		c.store, c.storeTimeout = fmt.Sprintf("redis://%s?pool_size=%d", o.redis.Addr(), connections), stepTime
		c.lease = 6 * time.Second
	})
	o.world = serve(t, c, openStore(t, c), idempotency.WithBacklog(idempotency.DefaultBacklog, straysFor))
	for _, named := range doors {
		d := named.open(t, o.world)
		o.doors, o.patient = append(o.doors, d), append(o.patient, patientDoor{d})
		d.create(t.Context(), charge("").keyless()).wantFirst(t)
	}
	o.calm = runtime.NumGoroutine()
	for _, a := range o.crowd("before", o.patient) {
		a.wantFirst(t)
	}
	o.awaitGoroutines(o.calm + few)
	return o
}

// crowd makes many calls at once, each with a key of its own.
func (o *outage) crowd(keys string, through []door) []answer {
	o.Helper()
	return take(crowd, atOnce(o.T, crowd, func(i int) call { return charge(fmt.Sprint(keys, i)) }, through))
}

// patientDoor is for a client that tries again when it is told to.
type patientDoor struct{ door }

func (d patientDoor) create(ctx context.Context, call call) (last answer) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = d.door.create(ctx, call); !last.is(storeIsDown) && !last.is(inProgress) {
			break
		}
	}
	return last
}

// wantRefusals checks what crowds are told while Redis cannot be used, how
// soon, and that they do not pile up.
func (o *outage) wantRefusals() {
	o.Helper()
	for i := range crowds {
		start := time.Now()
		for _, a := range o.crowd(fmt.Sprint("during-", i, "-"), o.doors) {
			a.wantRefusal(o, storeIsDown)
		}
		took := time.Since(start)
		if took > patience {
			o.Errorf("refused after %v, want %v at most", took, patience)
		}
		o.Logf("%d calls refused within %v, %d goroutines", crowd, took.Round(time.Millisecond), runtime.NumGoroutine())
	}
	o.awaitGoroutines(o.calm + strays + few)
}

func (o *outage) awaitGoroutines(most int) {
	o.Helper()
	eventually(o, "goroutines to end", func() bool { return runtime.NumGoroutine() <= most })
	o.Logf("%d goroutines when all was calm, %d now", o.calm, runtime.NumGoroutine())
}

// wantKeylessCalls checks that calls that need no store run at every door.
func (o *outage) wantKeylessCalls() {
	o.Helper()
	for _, d := range o.doors {
		d.create(o.Context(), charge("").keyless()).wantFirst(o)
	}
}

// awaitHealing waits until every door takes keys again.
func (o *outage) awaitHealing() {
	o.Helper()
	start := time.Now()
	for i, d := range o.patient {
		d.create(o.Context(), charge(fmt.Sprint("healed-", i))).wantFirst(o)
	}
	o.Logf("healed after %v", time.Since(start).Round(time.Millisecond))
	o.awaitGoroutines(o.calm + few)
}

// survivors counts those of the first crowd whose retry is a replay.
func (o *outage) survivors() (survived int) {
	o.Helper()
	for _, a := range o.crowd("before", o.patient) {
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
	running := inBackground(t, o.doors[0], held("running"))
	o.awaitEntries(served + 1)
	o.redis.Kill()
	o.settle()
	(<-running).wantFirst(t) // its charge was made, and its caller hears so
	o.wantRefusals()
	o.wantKeylessCalls()

	if err := o.redis.Restart(); err != nil {
		t.Fatal(err)
	}
	o.awaitHealing()
	if n := o.survivors(); n != 0 {
		t.Errorf("%d answers from a Redis that is empty", n)
	}
}

func TestRedisHangs(t *testing.T) {
	o := startOutage(t)
	o.redis.Pause()
	o.wantRefusals()
	o.wantKeylessCalls()
	o.redis.Resume()
	o.awaitHealing()
	if n := o.survivors(); n != crowd {
		t.Error("Redis lost answers that it had")
	}
}
