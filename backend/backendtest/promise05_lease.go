package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise05 = group{"Promise05Lease", []test{
	{"RunsDown", leaseRunsDown},
	{"LapsesInTime", leaseLapsesInTime},
	{"StaysForItsRetention", lapsedStays},
	{"ExpiresAfterItsRetention", lapsedExpires},
	{"ForeverIsNeverOver", lapsedStaysForever},
}}

func leaseRunsDown(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	claimed := time.Now()
	f.wait(3)
	rec := f.stands(key, running(c))
	if most := c.Lease - 3*f.Tick + f.Resolution; rec.LeaseLeft > most {
		f.Errorf("after %v the lease has %v left, want %v or less", time.Since(claimed), rec.LeaseLeft, most)
	}
}

func leaseLapsesInTime(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease = 3 * f.Tick
	before := time.Now()
	f.left(f.win(key, c), c.Lease, before)
	f.untilLapsed(key)
	f.lasted(c.Lease, before)
}

func lapsedStays(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease = f.Tick
	f.win(key, c)
	f.untilLapsed(key)
	f.wait(3)
	f.lapsed(key, c)
	f.win(key, takeover(c))
}

// lapsedExpires checks that the retention follows the lease.
func lapsedExpires(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease, c.Retention = 2*f.Tick, 3*f.Tick
	before := time.Now()
	f.win(key, c)
	f.untilAbsent(key)
	f.lasted(c.Lease+c.Retention, before)
}

// lapsedStaysForever also catches sums that overflow.
func lapsedStaysForever(f *fixture) {
	short, slow := newClaim(), newClaim()
	short.Lease, short.Retention = f.Tick, backend.Forever
	slow.Retention = backend.Forever
	a, b := newKey(), newKey()
	f.win(a, short)
	f.win(b, slow)
	f.untilLapsed(a)
	f.wait(3)
	f.lapsed(a, short)
	f.alive(b, slow)
}
