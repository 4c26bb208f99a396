package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise05 = group{"Promise05Lease", []test{
	{"RunsDown", leaseRunsDown},
	{"ExpiresInTime", leaseExpiresInTime},
	{"StoredForItsRetention", expiredStays},
	{"AbsentAfterItsRetention", absentAfterRetention},
	{"ForeverNeverEnds", expiredStaysForever},
}}

func leaseRunsDown(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	claimed := time.Now()
	f.wait(3)
	rec := f.holds(key, running(c))
	if most := c.Lease - 3*f.Tick + f.Resolution; rec.LeaseLeft > most {
		f.Errorf("after %v the lease has %v left, want at most %v", time.Since(claimed), rec.LeaseLeft, most)
	}
}

func leaseExpiresInTime(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease = 3 * f.Tick
	before := time.Now()
	f.left(f.win(key, c), c.Lease, before)
	f.untilExpired(key)
	f.lasted(c.Lease, before)
}

func expiredStays(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease = f.Tick
	f.win(key, c)
	f.untilExpired(key)
	f.wait(3)
	f.expired(key, c)
	f.win(key, takeover(c))
}

// absentAfterRetention checks that the retention starts after the lease.
func absentAfterRetention(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease, c.Retention = 2*f.Tick, 3*f.Tick
	before := time.Now()
	f.win(key, c)
	f.untilAbsent(key)
	f.lasted(c.Lease+c.Retention, before)
}

// expiredStaysForever also detects an overflow of lease plus retention.
func expiredStaysForever(f *fixture) {
	short, slow := newClaim(), newClaim()
	short.Lease, short.Retention = f.Tick, backend.Forever
	slow.Retention = backend.Forever
	a, b := newKey(), newKey()
	f.win(a, short)
	f.win(b, slow)
	f.untilExpired(a)
	f.wait(3)
	f.expired(a, short)
	f.alive(b, slow)
}
