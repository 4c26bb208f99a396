package pgstore

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/oncewire/idempotency/backend"
)

const (
	// listeningFactor is how much less often the store looks at a claim while
	// notifications arrive.
	listeningFactor = 20
	// lookBatch is how many claims one statement looks at.
	lookBatch = 500
)

// watch looks at the claims that callers wait for, when each is due.
func (ss *subscriptions) watch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ss.added:
		case <-timer.C:
		}
		due, next := ss.due(time.Now())
		if len(due) == 0 {
			timer.Reset(next)
			continue
		}
		ss.look(ctx, due)
		timer.Reset(0)
	}
}

// due returns claims to look at now, and how long it takes until the next one.
func (ss *subscriptions) due(now time.Time) (due []claimID, next time.Duration) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	next = time.Hour
	for claim, sub := range ss.active {
		if left := sub.due.Sub(now); left > 0 {
			next = min(next, left)
		} else if due = append(due, claim); len(due) == lookBatch {
			break
		}
	}
	return due, next
}

// look ends the subscriptions of claims that have ended, and says when to look
// again at the others. If it fails it ends all of them with the error, and the
// callers can try again.
func (ss *subscriptions) look(ctx context.Context, claims []claimID) {
	running, err := ss.store.look(ctx, claims)
	if ctx.Err() != nil {
		err = backend.ErrClosed
	}
	for _, claim := range claims {
		found := running[claim]
		if err != nil || found.left <= 0 {
			ss.end(claim, err)
			continue
		}
		ss.postpone(claim, found)
	}
}

func (ss *subscriptions) postpone(claim claimID, found running) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	interval := ss.store.pollInterval
	if ss.listening && found.watched {
		interval *= listeningFactor
	}
	if sub := ss.active[claim]; sub != nil {
		sub.due = time.Now().Add(min(interval, found.left))
	}
}

// running is a claim that has not ended: what is left of its lease, and whether
// its end will be notified.
type running struct {
	left    time.Duration
	watched bool
}

// look returns those of the claims that have not ended.
func (s *Store) look(ctx context.Context, claims []claimID) (found map[claimID]running, err error) {
	keys, tokens := make([][]byte, len(claims)), make([]pgtype.UUID, len(claims))
	for i := range claims {
		keys[i], tokens[i] = claims[i].key[:], uuid(claims[i].token)
	}
	ctx, cancel := context.WithTimeout(ctx, s.backgroundTimeout())
	defer cancel()
	err = s.step(ctx, "wait", func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, s.sql.look, keys, tokens)
		if err != nil {
			return err
		}
		found = make(map[claimID]running)
		var (
			key     []byte
			token   pgtype.UUID
			left    pgtype.Interval
			watched bool
		)
		_, err = pgx.ForEachRow(rows, []any{&key, &token, &left, &watched}, func() error {
			claim := claimID{token: token.Bytes}
			copy(claim.key[:], key)
			found[claim] = running{duration(left), watched}
			return nil
		})
		return err
	})
	return found, err
}
