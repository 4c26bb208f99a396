package pgstore

import (
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/oncewire/idempotency/backend"
)

// uuid returns a token as a parameter.
func uuid(token backend.Token) pgtype.UUID { return pgtype.UUID{Bytes: token, Valid: true} }

const day = 24 * time.Hour

// interval returns d as a parameter, in the microseconds that PostgreSQL counts
// in. It rounds up, so that nothing ends sooner than was asked for.
func interval(d time.Duration) pgtype.Interval {
	us := max(d, 0) / time.Microsecond
	if max(d, 0)%time.Microsecond > 0 {
		us++
	}
	return pgtype.Interval{Microseconds: int64(us), Valid: true}
}

// retention returns d as a parameter, which is null for Forever.
func retention(d time.Duration) pgtype.Interval {
	if d == backend.Forever {
		return pgtype.Interval{}
	}
	return interval(d)
}

// slack returns how much later than the end of its retention the clean-up may look
// at a record.
func slack(retention time.Duration) pgtype.Interval { return interval(retention / 8) }

// duration returns what an interval between two times means. It saturates.
func duration(i pgtype.Interval) time.Duration {
	const most = math.MaxInt64 / int64(day)
	switch days := int64(i.Days); {
	case days >= most:
		return math.MaxInt64
	case days <= -most:
		return math.MinInt64
	default:
		return time.Duration(days)*day + time.Duration(i.Microseconds)*time.Microsecond
	}
}
