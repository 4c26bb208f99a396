//go:build unix

package main

import (
	"testing"
	"time"
)

// crashLease is how long a killed process blocks its keys. It leaves four seconds
// for each heartbeat, since test machines can be slow.
const crashLease = 6 * time.Second

// crash is the state after a process was killed while its handlers ran. Over every
// protocol it had answered one call and was running another one.
type crash struct {
	survivor *process
	answers  map[string]answer // to the answered calls, by protocol
	began    time.Time         // before the calls that were running
}

func answered(p protocol) call { return charge("answered-" + p.name).of("answered " + p.name) }

func unanswered(p protocol) call { return held("unanswered-" + p.name).of("unanswered " + p.name) }

// eachProtocolAfterCrash starts two processes, kills one of them, and runs a test
// over every protocol of the other one.
func eachProtocolAfterCrash(t *testing.T, test func(*testing.T, crash, protocol, client), flags ...string) {
	t.Helper()
	t.Parallel()
	victim, survivor := startPair(t, append(flags, "-lease", crashLease.String())...)
	c := crash{survivor: survivor, answers: map[string]answer{}}
	for _, p := range protocols {
		answer := p.dial(t, victim.testServer).create(t.Context(), answered(p))
		answer.wantFirst(t)
		c.answers[p.name] = answer
	}
	c.began = time.Now()
	killInMidHandler(t, victim, survivor)
	t.Cleanup(survivor.keepResuming())
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(t, c, p, p.dial(t, survivor.testServer))
		})
	}
}

// killInMidHandler kills the victim while it runs a call over every protocol.
func killInMidHandler(t *testing.T, victim, survivor *process) {
	t.Helper()
	running := make([]<-chan answer, 0, len(protocols))
	for _, p := range protocols {
		running = append(running, inBackground(t, p.dial(t, victim.testServer), unanswered(p)))
	}
	victim.awaitEntries(2 * len(protocols))
	for _, p := range protocols {
		p.dial(t, survivor.testServer).create(t.Context(), unanswered(p)).wantRefusal(t, inProgress)
	}
	victim.kill()
	for i, answers := range running {
		if a := <-answers; a.payment != nil {
			t.Errorf("%s: a killed process answered: %+v", protocols[i].name, a)
		}
	}
}

// awaitExpiry retries an unanswered call while it is refused as running, and
// returns the next answer. It must not come before the lease has expired.
func (c crash) awaitExpiry(t *testing.T, over client, call call) (last answer) {
	t.Helper()
	refused := 0
	eventually(t, "the lease to expire", func() bool {
		if last = over.create(t.Context(), call); last.is(inProgress) {
			refused++
			return false
		}
		return true
	})
	after := time.Since(c.began)
	t.Logf("refused %d times, answered after %v", refused, after.Round(time.Millisecond))
	if after < crashLease {
		t.Errorf("the lease of %v had not expired", crashLease)
	}
	return last
}

func TestKilledProcessIsTakenOver(t *testing.T) {
	eachProtocolAfterCrash(t, func(t *testing.T, c crash, p protocol, over client) {
		over.create(t.Context(), answered(p)).wantReplayOf(t, c.answers[p.name])
		c.survivor.wantEntriesOf(t, "answered "+p.name, 0)

		second := c.awaitExpiry(t, over, unanswered(p))
		second.wantFirst(t)
		if second.attempt != "2" {
			t.Errorf("attempt %q, want 2", second.attempt)
		}
		over.create(t.Context(), unanswered(p)).wantReplayOf(t, second)
		c.survivor.wantEntriesOf(t, "unanswered "+p.name, 1)
	})
}

func TestKilledProcessIsNotTakenOver(t *testing.T) {
	eachProtocolAfterCrash(t, func(t *testing.T, c crash, p protocol, over client) {
		over.create(t.Context(), answered(p)).wantReplayOf(t, c.answers[p.name])
		c.survivor.wantEntriesOf(t, "answered "+p.name, 0)

		c.awaitExpiry(t, over, unanswered(p)).wantRefusal(t, unknown)
		over.create(t.Context(), unanswered(p)).wantRefusal(t, unknown)
		c.survivor.wantEntriesOf(t, "unanswered "+p.name, 0)
	}, "-on-abandoned", "reject")
}
