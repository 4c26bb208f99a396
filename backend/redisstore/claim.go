package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// Claim implements [backend.Store]. It takes one round trip, and two if the lease of a
// running record has expired, or if its command is pipelined with others
// ([WithAutoPipeline]) and the record is running. It returns [backend.ErrFull] when Redis has reached maxmemory and evicts
// nothing.
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (record backend.Record, err error) {
	err = s.steps.run(ctx, "claim", func(ctx context.Context) error {
		if record, err = s.claim(ctx, key, &claim); err != nil || record.Token != claim.Token {
			return err
		}
		if err = s.replication.wait(ctx, key, claim.Token); err != nil {
			s.undoClaim(ctx, key, &claim)
		}
		return err
	})
	if err != nil {
		return backend.Record{}, err
	}
	return record, nil
}

// claim sends a SET if that is enough, and else runs the script. It runs the script
// for a running record whose lease is not known or has expired, because the script
// reads the value and its expiry together.
func (s *Store) claim(ctx context.Context, key backend.Key, claim *backend.Claim) (backend.Record, error) {
	value, err := s.codec.encodeClaim(key, claim)
	if err != nil {
		return backend.Record{}, err
	}
	if claim.Replaces != (backend.Token{}) || s.scriptedClaim.Load() {
		return s.claimByScript(ctx, key, claim, value)
	}
	existing, expiry, err := s.claimBySet(ctx, key, claim, value)
	switch {
	case errors.Is(err, redis.Nil):
		return wonRecord(claim), nil
	case redis.HasErrorPrefix(err, "syntax error"):
		s.scriptedClaim.Store(true)
		return s.claimByScript(ctx, key, claim, value)
	case err != nil:
		return backend.Record{}, err
	}
	found, err := decode(existing)
	if err != nil {
		return backend.Record{}, err
	}
	if found.State == backend.Running && expiry <= found.retention {
		return s.claimByScript(ctx, key, claim, value)
	}
	return s.record(key, &found, expiry)
}

// claimBySet returns the existing value, or redis.Nil if the claim has won. It also
// returns the time after which a record expired that the key had just before the SET,
// or zero if that is not known.
//
// The expiry is read first, in the same round trip. If it says that the lease of the
// record that SET returns is alive, this was true at some moment of the call: the
// record was there when the expiry was read, or it was claimed after that. The reverse
// order would prove nothing, since the expiry could be that of a later claim.
func (s *Store) claimBySet(ctx context.Context, key backend.Key, claim *backend.Claim, value []byte) ([]byte, time.Duration, error) {
	name := s.prefix.name(key)
	set := redis.NewStringCmd(ctx, "set", name, value, "px", runningExpiry(claim.Lease, claim.Retention), "nx", "get")
	left := redis.NewIntCmd(ctx, "pttl", name)
	if err := s.sender.sendPair(ctx, left, set); err != nil {
		return nil, 0, err
	}
	existing, err := set.Bytes()
	return existing, time.Duration(left.Val()) * time.Millisecond, err
}

func (s *Store) claimByScript(ctx context.Context, key backend.Key, claim *backend.Claim, value []byte) (backend.Record, error) {
	var replaces []byte
	if claim.Replaces != (backend.Token{}) {
		replaces = claim.Replaces[:]
	}
	reply, err := claimScript.run(ctx, s.sender, s.prefix.name(key),
		value, runningExpiry(claim.Lease, claim.Retention), replaces)
	if err != nil {
		return backend.Record{}, err
	}
	existing, ok := reply.([]any)
	if !ok || len(existing) != 2 {
		return wonRecord(claim), nil
	}
	text, _ := existing[0].(string)
	expiry, _ := existing[1].(int64)
	found, err := decode([]byte(text))
	if err != nil {
		return backend.Record{}, err
	}
	return s.record(key, &found, time.Duration(expiry)*time.Millisecond)
}

// record returns the record of a decoded value that expires after the given
// time.
func (s *Store) record(key backend.Key, found *stored, expiry time.Duration) (backend.Record, error) {
	record := found.Record
	if record.State == backend.Running {
		record.LeaseLeft = expiry - found.retention
		return record, nil
	}
	outcome, err := s.codec.decodeOutcome(key, found)
	record.Outcome = outcome
	return record, err
}

// undoClaim undoes a claim that too few replicas have. It removes a first
// claim, and expires the lease of a takeover: the record must still show that
// an earlier attempt was made. Errors are ignored, since the lease expires
// anyway.
func (s *Store) undoClaim(ctx context.Context, key backend.Key, claim *backend.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.steps.ownTimeout())
	defer cancel()
	name := s.prefix.name(key)
	if claim.Replaces == (backend.Token{}) {
		_, _ = releaseScript.runBool(ctx, s.sender, name, claim.Token[:])
		return
	}
	_, _ = extendScript.runBool(ctx, s.sender, name,
		claim.Token[:], 0, encodeRetention(claim.Retention), runningExpiry(0, claim.Retention))
}
