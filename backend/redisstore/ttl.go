package redisstore

import (
	"encoding/binary"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// century stands in for a lease or a retention without end wherever a record
// must have an expiry all the same: while it runs, the expiry tells the lease.
const century = 100 * 365 * 24 * time.Hour

// millis returns d in the milliseconds that Redis counts in. It rounds up, for
// nothing may end sooner than was asked.
func millis(d time.Duration) int64 {
	d = min(max(d, 0), century)
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// expiry returns the expiry of a running record in milliseconds. Redis takes
// none below one.
func expiry(lease, retention time.Duration) int64 {
	return max(millis(lease)+millis(retention), 1)
}

// kept returns the expiry of a finished record in milliseconds, 0 for none.
func kept(retention time.Duration) int64 {
	if retention == backend.Forever {
		return 0
	}
	return max(millis(retention), 1)
}

// bigEndian returns the retention as it stands in a header.
func bigEndian(retention time.Duration) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(millis(retention)))
}
