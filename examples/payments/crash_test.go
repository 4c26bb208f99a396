//go:build unix

package main

import (
	"testing"
	"time"
)

// crashLease is how long a key stays blocked by the process that was killed. It
// leaves a heartbeat four seconds before that, which is for busy machines.
const crashLease = 6 * time.Second

// crash is what is left of a process that was killed in mid-handler: at every
// door it had answered one call, and was running another one.
type crash struct {
	survivor *process
	answers  map[string]answer
	began    time.Time // before any of the calls that never ended
}

func answered(at namedDoor) call { return charge("answered-" + at.name).of("answered " + at.name) }

func unanswered(at namedDoor) call {
	return held("unanswered-" + at.name).of("unanswered " + at.name)
}

// eachDoorAfterCrash starts two processes, kills one of them, and runs a
// scenario at every door of the other one.
func eachDoorAfterCrash(t *testing.T, scenario func(t *testing.T, c crash, named namedDoor, d door), flags ...string) {
	t.Helper()
	t.Parallel()
	a, b := startPair(t, append(flags, "-lease", crashLease.String())...)
	c := crash{survivor: b, answers: map[string]answer{}}
	for _, named := range doors {
		answer := named.open(t, a.world).create(t.Context(), answered(named))
		answer.wantFirst(t)
		c.answers[named.name] = answer
	}
	c.began = time.Now()
	killInMidHandler(t, a, b)
	t.Cleanup(b.keepSettling())
	for _, named := range doors {
		t.Run(named.name, func(t *testing.T) {
			t.Parallel()
			scenario(t, c, named, named.open(t, b.world))
		})
	}
}

func killInMidHandler(t *testing.T, p, other *process) {
	t.Helper()
	running := make([]<-chan answer, 0, len(doors))
	for _, named := range doors {
		running = append(running, inBackground(t, named.open(t, p.world), unanswered(named)))
	}
	p.awaitEntries(2 * len(doors))
	for _, named := range doors {
		named.open(t, other.world).create(t.Context(), unanswered(named)).wantRefusal(t, inProgress)
	}
	p.kill()
	for i, answers := range running {
		if a := <-answers; a.payment != nil {
			t.Errorf("%s: a killed process answered: %+v", doors[i].name, a)
		}
	}
}

// insist retries the call that never ended until it is no longer said to be
// running, which must not be before its lease lapses.
func (c crash) insist(t *testing.T, d door, call call) (last answer) {
	t.Helper()
	refused := 0
	eventually(t, "the lease to lapse", func() bool {
		if last = d.create(t.Context(), call); last.is(inProgress) {
			refused++
			return false
		}
		return true
	})
	after := time.Since(c.began)
	t.Logf("refused %d times, answered after %v", refused, after.Round(time.Millisecond))
	if after < crashLease {
		t.Errorf("the lease of %v had not lapsed", crashLease)
	}
	return last
}

func TestKilledProcessIsTakenOver(t *testing.T) {
	eachDoorAfterCrash(t, func(t *testing.T, c crash, named namedDoor, d door) {
		d.create(t.Context(), answered(named)).wantReplayOf(t, c.answers[named.name])
		c.survivor.wantEntriesOf(t, "answered "+named.name, 0)

		second := c.insist(t, d, unanswered(named))
		second.wantFirst(t)
		if second.attempt != "2" {
			t.Errorf("attempt %q, want 2", second.attempt)
		}
		d.create(t.Context(), unanswered(named)).wantReplayOf(t, second)
		c.survivor.wantEntriesOf(t, "unanswered "+named.name, 1)
	})
}

func TestKilledProcessIsNotTakenOver(t *testing.T) {
	eachDoorAfterCrash(t, func(t *testing.T, c crash, named namedDoor, d door) {
		d.create(t.Context(), answered(named)).wantReplayOf(t, c.answers[named.name])
		c.survivor.wantEntriesOf(t, "answered "+named.name, 0)

		c.insist(t, d, unanswered(named)).wantRefusal(t, unknown)
		d.create(t.Context(), unanswered(named)).wantRefusal(t, unknown)
		c.survivor.wantEntriesOf(t, "unanswered "+named.name, 0)
	}, "-on-abandoned", "reject")
}
