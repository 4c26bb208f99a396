package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
)

const (
	crowdCallers = 64
	crowdKeys    = 200
	crowdLease   = 100 * time.Millisecond
)

// What became of one call in a crowd.
const (
	nothing  = iota // it was refused, released or panicked
	ran             // its handler's outcome was to be recorded
	replayed        // it got an outcome that stood
)

// crowd is a great many calls with few keys, whose handlers do what they like.
type crowd struct {
	engines []*idempotency.Engine
	clock   atomic.Int64
	outcome atomic.Int64

	mu      sync.Mutex
	history []porcupine.Operation
}

func upTo(random *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(most)))
}

// seen is the output of an operation in the history.
type seen struct {
	what    int
	outcome string
}

// run makes every caller send every key, each in an order of its own.
func (c *crowd) run(t *testing.T) {
	t.Helper()

	var all sync.WaitGroup
	for caller := range crowdCallers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), 1))
			for _, key := range random.Perm(crowdKeys) {
				c.call(t, caller, key, random)
				time.Sleep(upTo(random, 20*time.Millisecond))
			}
		})
	}
	all.Wait()
}

// call sends one call and writes down what became of it.
func (c *crowd) call(t *testing.T, caller, key int, random *rand.Rand) {
	t.Helper()

	operation := porcupine.Operation{ClientId: caller, Input: key, Output: seen{}, Call: c.clock.Add(1)}
	defer func() {
		if cause := recover(); cause != nil && cause != any("on purpose") {
			t.Errorf("panic: %v", cause)
		}
		operation.Return = c.clock.Add(1)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.history = append(c.history, operation)
	}()
	engine := c.engines[random.IntN(len(c.engines))]
	verdict := idempotency.Abandon
	result, err := run(t.Context(), engine, payment(strconv.Itoa(key)), func(context.Context) idempotency.Answer {
		answer := c.handle(random)
		verdict = answer.Verdict
		return answer
	})
	switch {
	case err != nil:
		if !errors.Is(err, idempotency.ErrInProgress) && !errors.Is(err, idempotency.ErrStore) {
			t.Errorf("refused: %v", err)
		}
	case result.Replayed:
		operation.Output = seen{replayed, string(result.Outcome)}
	case verdict == idempotency.Record:
		operation.Output = seen{ran, string(result.Outcome)}
	}
}

// handle is a handler that may be slow, panic, release or abandon.
func (c *crowd) handle(random *rand.Rand) idempotency.Answer {
	if random.IntN(4) == 0 {
		time.Sleep(upTo(random, 3*crowdLease))
	}
	switch random.IntN(8) {
	case 0:
		panic("on purpose")
	case 1:
		return releasing().answer
	case 2:
		return abandoning().answer
	default:
		return recording(fmt.Sprint("outcome ", c.outcome.Add(1))).answer
	}
}

// oneOutcome is what a key may do: it has no outcome, and then one that never changes.
var oneOutcome = porcupine.Model{
	Partition: func(history []porcupine.Operation) (keys [][]porcupine.Operation) {
		keys = make([][]porcupine.Operation, crowdKeys)
		for _, operation := range history {
			key := operation.Input.(int)
			keys[key] = append(keys[key], operation)
		}
		return keys
	},
	Init: func() any { return "" },
	Step: func(state, _, output any) (bool, any) {
		stands, seen := state.(string), output.(seen)
		switch seen.what {
		case ran:
			return stands == "", seen.outcome
		case replayed:
			return stands == seen.outcome, stands
		default:
			return true, stands
		}
	},
}

// TestCrowdIsLinearizable: as all saw it, every key had no outcome, and then
// one, which never changed again.
func TestCrowdIsLinearizable(t *testing.T) {
	c := &crowd{}
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		for _, wait := range []time.Duration{0, time.Second} {
			c.engines = append(c.engines, newEngine(t, store, all(idempotency.Policy{Lease: crowdLease, Wait: wait})))
		}
		c.run(t)
	})
	equal(t, "calls", len(c.history), crowdCallers*crowdKeys)
	counts := map[int]int{}
	for _, operation := range c.history {
		counts[operation.Output.(seen).what]++
	}
	equal(t, "keys with an outcome", counts[ran], crowdKeys)
	if result := porcupine.CheckOperations(oneOutcome, c.history); !result {
		t.Error("no order of the calls explains what they saw")
	}
}

// TestCrowdOnAShakyStore loses claims, leases and replies. A stale owner may
// then answer its own caller, but at most one outcome is recorded for a key,
// and every replay is that one.
func TestCrowdOnAShakyStore(t *testing.T) {
	c, told := &crowd{}, &events{}
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(1, 2))
		store := backendtest.NewFaultyWaiter(openStore(t), func(backendtest.Op) (fault backendtest.Fault) {
			mu.Lock()
			defer mu.Unlock()
			switch random.IntN(8) {
			case 0:
				fault.Delay = upTo(random, 2*crowdLease)
			case 1:
				fault = backendtest.Fault{Err: errDown, Applied: random.IntN(2) == 0}
			}
			return fault
		})
		for _, wait := range []time.Duration{0, time.Second} {
			c.engines = append(c.engines, newEngine(t, store, all(idempotency.Policy{Lease: crowdLease, Wait: wait}),
				idempotency.WithLimits(idempotency.Limits{StoreTimeout: crowdLease / 2, Retries: 10_000}), idempotency.WithObserver(told)))
		}
		c.run(t)
	})
	recorded := map[backend.Key]int{}
	for _, event := range told.of(idempotency.EventRecorded) {
		recorded[event.Key]++
		equal(t, "times a key was recorded", recorded[event.Key], 1)
	}
	made, stands := map[string]int{}, map[int]string{}
	for _, operation := range c.history {
		if output := operation.Output.(seen); output.what == ran {
			made[output.outcome] = operation.Input.(int)
		}
	}
	for _, operation := range c.history {
		output, key := operation.Output.(seen), operation.Input.(int)
		if output.what != replayed {
			continue
		}
		if stands[key] == "" {
			stands[key] = output.outcome
		}
		equal(t, "outcome replayed", output.outcome, stands[key])
		equal(t, "key that made it", made[output.outcome], key)
	}
	equal(t, "keys recorded", len(recorded), crowdKeys)
	equal(t, "keys replayed", len(stands), crowdKeys)
	if lost := len(told.of(idempotency.EventLeaseLost)); lost == 0 {
		t.Error("no lease was lost: the store was not shaky enough")
	}
}
