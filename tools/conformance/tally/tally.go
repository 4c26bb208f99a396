package tally

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"

	"github.com/oncewire/idempotency"
)

// Tally counts unary calls, and what the engine said of them. It is an
// idempotency.Observer, and safe for concurrent use.
type Tally struct {
	running sync.WaitGroup

	mu     sync.Mutex
	counts Counts
}

// Counts are the numbers of a tally.
type Counts struct {
	// Calls are the unary calls that may have side effects. A call that is
	// made twice for a replay is one.
	Calls int `json:"calls"`
	// GaveUp are those whose caller had gone before the second was made.
	GaveUp int `json:"gave_up"`
	// Events are those of the engine, by name.
	Events map[string]int `json:"events"`
}

// Observe implements idempotency.Observer.
func (t *Tally) Observe(_ context.Context, event idempotency.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts.Events == nil {
		t.counts.Events = map[string]int{}
	}
	t.counts.Events[event.Kind.String()]++
}

// Call counts a call. It returns what is to be done when it has ended.
func (t *Tally) Call() (ended func()) {
	t.running.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Calls++
	return t.running.Done
}

// GiveUp counts a caller that has gone.
func (t *Tally) GiveUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.GaveUp++
}

// Counts returns what was counted, when all calls have ended. A server that
// was shut down may still have some, whose callers have gone.
func (t *Tally) Counts() Counts {
	t.running.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	counts.Events = maps.Clone(counts.Events)
	return counts
}

// Report writes the counts to a file in a folder. Without a folder it does nothing.
func (t *Tally) Report(folder string) error {
	if folder == "" {
		return nil
	}
	file, err := os.CreateTemp(folder, "*.json")
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(file).Encode(t.Counts()), file.Close())
}

// Add adds the counts of another server.
func (c *Counts) Add(other Counts) {
	c.Calls += other.Calls
	c.GaveUp += other.GaveUp
	for name, count := range other.Events {
		if c.Events == nil {
			c.Events = map[string]int{}
		}
		c.Events[name] += count
	}
}

// Count returns how often the engine told of a kind of event.
func (c *Counts) Count(kind idempotency.EventKind) int { return c.Events[kind.String()] }

// Check compares what the engine told with the calls that were made. Without
// keys it tells nothing. With keys each call is claimed, runs and is recorded,
// released or abandoned. For replays each is recorded, and replayed unless its
// caller had gone. It tells nothing else.
func (c *Counts) Check(mode Mode) error {
	if c.Calls == 0 {
		return errors.New("no call was counted")
	}
	want := Counts{Calls: c.Calls, GaveUp: c.GaveUp}
	switch mode {
	case Plain:
	case Keyed:
		released, abandoned := c.Count(idempotency.EventReleased), c.Count(idempotency.EventAbandoned)
		want.guarded(c.Calls - released - abandoned)
		want.tell(idempotency.EventReleased, released)
		want.tell(idempotency.EventAbandoned, abandoned)
	case Replay:
		want.guarded(c.Calls)
		want.tell(idempotency.EventReplayed, c.Calls-c.GaveUp)
	}
	if !maps.Equal(want.Events, c.Events) {
		return fmt.Errorf("%d calls, of which %d gave up, made the engine tell of %v; want %v", c.Calls, c.GaveUp, c.Events, want.Events)
	}
	return nil
}

func (c *Counts) guarded(recorded int) {
	c.tell(idempotency.EventClaimed, c.Calls)
	c.tell(idempotency.EventRan, c.Calls)
	c.tell(idempotency.EventRecorded, recorded)
}

func (c *Counts) tell(kind idempotency.EventKind, times int) {
	if times > 0 {
		c.Add(Counts{Events: map[string]int{kind.String(): times}})
	}
}
