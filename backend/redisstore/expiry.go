package redisstore

import (
	"encoding/binary"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// maxDuration replaces a longer lease or retention, Forever included, where
// Redis needs a number. A running record always has an expiry, since its lease
// is computed from it.
const maxDuration = 100 * 365 * 24 * time.Hour

// millis returns d in milliseconds, the unit of Redis. It rounds up, so that
// nothing ends too early.
func millis(d time.Duration) int64 {
	d = min(max(d, 0), maxDuration)
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// runningExpiry returns the expiry of a running record in milliseconds. Redis
// accepts no expiry of zero.
func runningExpiry(lease, retention time.Duration) int64 {
	return max(millis(lease)+millis(retention), 1)
}

// finishedExpiry returns the expiry of a finished record in milliseconds; 0 for
// none.
func finishedExpiry(retention time.Duration) int64 {
	if retention == backend.Forever {
		return 0
	}
	return max(millis(retention), 1)
}

// encodeRetention returns the retention in the form of the record's header.
func encodeRetention(retention time.Duration) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(millis(retention)))
}
