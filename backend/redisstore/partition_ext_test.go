package redisstore_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// TestPartitionThatHeals: claims time out in a network partition. Their releases arrive
// first, and then the network delivers the claims. No handler has run, so no key may
// stay blocked, and with Reject no outcome may be reported as unknown.
func TestPartitionThatHeals(t *testing.T) {
	const calls = 8
	_, direct := own(t)
	proxy := redistest.StartProxy(t, direct.Options().Addr, nil)
	client := redis.NewClient(redisstore.PrepareOptions(&redis.Options{Addr: proxy.Addr(), MaxRetries: -1}))
	defer client.Close()
	engine, err := idempotency.New(store(t, client),
		idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject}),
		idempotency.WithLimits(idempotency.Limits{StoreTimeout: 500 * time.Millisecond, Retries: 4 * calls}))
	ok(t, err)
	defer engine.Close(t.Context())
	run := func(name string) []error { return inParallelDo(t, engine, name, calls) }
	counted := func(command string) int { return stats(t, direct)[command] }

	for _, err := range run("before") { // opens every connection
		ok(t, err)
	}
	proxy.Part()
	for _, err := range run("during") {
		want(t, err, idempotency.ErrStore)
	}
	eventually(t, "the claims to be sent", func() bool { return proxy.Held() >= calls })
	sets, reads := counted("set"), counted("getrange")
	proxy.Heal()
	eventually(t, "the releases", func() bool { return counted("getrange") >= reads+calls })
	proxy.Deliver()
	eventually(t, "the claims", func() bool { return counted("set") >= sets+calls })
	eventually(t, "the claims to be released again", func() bool { return direct.DBSize(t.Context()).Val() == calls })
	for _, err := range run("during") {
		ok(t, err)
	}
}

// TestSlowRepliesBlockNoKey: claims are applied, but their replies arrive after the
// timeout of a step, and so do the replies of their releases, because a new connection
// takes several round trips. When the network is fast again, all calls run.
func TestSlowRepliesBlockNoKey(t *testing.T) {
	const calls = 16
	_, direct := own(t)
	proxy := redistest.StartProxy(t, direct.Options().Addr, nil)
	client := redis.NewClient(redisstore.PrepareOptions(&redis.Options{Addr: proxy.Addr(), PoolSize: calls, MaxRetries: -1}))
	defer client.Close()
	engine, err := idempotency.New(store(t, client),
		idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject}),
		idempotency.WithLimits(idempotency.Limits{StoreTimeout: 500 * time.Millisecond, Retries: 4 * calls}))
	ok(t, err)
	defer engine.Close(t.Context())
	for _, err := range inParallelDo(t, engine, "before", calls) {
		ok(t, err)
	}
	sets := stats(t, direct)["set"]
	proxy.Delay(800 * time.Millisecond)
	for _, err := range inParallelDo(t, engine, "slow", calls) {
		want(t, err, idempotency.ErrStore)
	}
	if stats(t, direct)["set"] == sets {
		t.Error("no claim was applied")
	}
	proxy.Delay(0)
	eventually(t, "the claims to be released", func() bool { return direct.DBSize(t.Context()).Val() == calls })
	for _, err := range inParallelDo(t, engine, "slow", calls) {
		ok(t, err)
	}
}

// inParallelDo makes concurrent calls, each with its own key, and returns their
// errors.
func inParallelDo(t *testing.T, engine *idempotency.Engine, name string, calls int) []error {
	t.Helper()
	errs := make([]error, calls)
	var callers sync.WaitGroup
	for i := range calls {
		callers.Go(func() {
			ran := false
			call := idempotency.Call{Key: name + strconv.Itoa(i)}
			result, err := engine.Do(t.Context(), "charge", call, func(context.Context) ([]byte, error) {
				ran = true
				return []byte("charged"), nil
			})
			if errs[i] = err; ran != (err == nil) || result.Replayed {
				errs[i] = errors.Join(err, errors.New("it ran: "+strconv.FormatBool(ran)))
			}
		})
	}
	callers.Wait()
	return errs
}
