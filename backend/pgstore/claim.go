package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/oncewire/idempotency/backend"
)

// Claim implements [backend.Store]. It costs one round trip, and another one for
// every claim that it loses to at the same moment. It takes the lock of a row
// only to write it. A takeover returns [backend.ErrLocked] if another transaction
// holds the record for half a second.
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (record backend.Record, err error) {
	if record, ok := heldClaim(ctx, s, key); ok {
		return record, nil
	}
	err = s.step(ctx, "claim", func(ctx context.Context) error {
		for decided := false; !decided; {
			if record, decided, err = s.claim(ctx, key, &claim); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case isLocked(err): // by the transaction of a handler
		return backend.Record{}, backend.ErrLocked
	case err != nil:
		return backend.Record{}, err
	default:
		return record, nil
	}
}

// claim sends the claim once. It is not decided if another transaction has
// changed the record after the statement began: the next statement sees that.
func (s *Store) claim(ctx context.Context, key backend.Key, claim *backend.Claim) (record backend.Record, decided bool, err error) {
	sql, arguments := s.sql.claim, []any{
		key[:], uuid(claim.Token), int32(claim.Attempt), claim.Fingerprint[:], interval(claim.Lease), retention(claim.Retention),
	}
	if claim.Replaces != (backend.Token{}) {
		sql, arguments = s.sql.takeover, append(arguments, uuid(claim.Replaces))
	}
	var found row
	err = s.pool.QueryRow(ctx, sql, arguments...).Scan(found.columns()...)
	switch {
	case err != nil:
		return backend.Record{}, false, err
	case found.token.Valid:
		record, err = found.record()
		return record, true, err
	default:
		return won(claim), found.state.Int16 == 1, nil
	}
}

// won is the record of a claim that has won at this moment.
func won(c *backend.Claim) backend.Record {
	return backend.Record{State: backend.Running, Token: c.Token, Attempt: c.Attempt, Fingerprint: c.Fingerprint, LeaseLeft: c.Lease}
}

// row is the reply to a claim: the record that exists, or, if the token is null,
// whether the claim has won.
type row struct {
	state       pgtype.Int2
	token       pgtype.UUID
	attempt     pgtype.Int4
	fingerprint []byte
	leaseLeft   pgtype.Interval
	outcome     []byte
}

// columns are where the columns of a record are read into.
func (r *row) columns() []any {
	return []any{&r.state, &r.token, &r.attempt, &r.fingerprint, &r.leaseLeft, &r.outcome}
}

func (r *row) record() (backend.Record, error) {
	record := backend.Record{Token: r.token.Bytes, Attempt: uint32(r.attempt.Int32)}
	if n := len(r.fingerprint); n != len(record.Fingerprint) {
		return backend.Record{}, corrupt("a fingerprint of %d bytes", n)
	}
	copy(record.Fingerprint[:], r.fingerprint)
	switch record.State = backend.State(r.state.Int16); {
	case record.State == backend.Running:
		record.LeaseLeft = duration(r.leaseLeft)
	case record.State == backend.Marked && r.outcome != nil:
		record.LeaseLeft, record.Outcome = duration(r.leaseLeft), r.outcome
	case record.State == backend.Marked:
		return backend.Record{}, corrupt("a marked record without a reference")
	case record.State == backend.Done && r.outcome != nil:
		record.Outcome = r.outcome
	case record.State == backend.Done:
		return backend.Record{}, corrupt("a finished record without an outcome")
	case record.State != backend.NotKept:
		return backend.Record{}, corrupt("state %d", r.state.Int16)
	}
	return record, nil
}
