package backendtest_test

import (
	"bytes"
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// The defects in this file change the arguments of a call, or refuse the call.

func loserExtends(s broken, c *call) {
	_ = s.Extend(context.Background(), c.key, s.current(c.key).Token, c.claim.Lease, c.claim.Retention)
}

func loserShortens(s broken, c *call) {
	if rec := s.current(c.key); c.claim.Lease < rec.LeaseLeft {
		loserExtends(s, c)
	}
}

func replacesAny(s broken, c *call) {
	if rec := s.current(c.key); rec.Expired() && rec.Token != c.claim.Token {
		c.claim.Replaces = rec.Token
	}
}

func replacesLiving(s broken, c *call) {
	if rec := s.current(c.key); rec.State == backend.Running && rec.Token == c.claim.Replaces {
		_ = s.Extend(context.Background(), c.key, rec.Token, 0, time.Hour)
	}
}

func replacesTooEarly(s broken, c *call) {
	if rec := s.current(c.key); rec.LeaseLeft <= 2*time.Millisecond {
		replacesLiving(s, c)
	}
}

func ownTokenRenews(s broken, c *call) {
	_ = s.Extend(context.Background(), c.key, c.claim.Token, c.claim.Lease, c.claim.Retention)
}

func doesNotRenew(s broken, c *call) error {
	if rec := s.current(c.key); rec.Expired() {
		return backend.ErrClaimLost
	}
	return nil
}

func zeroIgnored(_ broken, c *call) error {
	if c.lease == 0 {
		c.lease = time.Hour
	}
	return nil
}

func cutsAtNUL(_ broken, c *call) error {
	c.outcome.Bytes, _, _ = bytes.Cut(c.outcome.Bytes, []byte{0})
	return nil
}

func noLateCompletion(s broken, c *call) error { return doesNotRenew(s, c) }

func emptyIsNotKept(_ broken, c *call) error {
	c.outcome.NotKept = len(c.outcome.Bytes) == 0
	return nil
}

func retainsClaimsExpiry(s broken, c *call) error {
	if rec := s.current(c.key); rec.LeaseLeft > 0 {
		c.outcome.Retention = rec.LeaseLeft
	}
	return nil
}

func secondCompletionFails(s broken, c *call) error {
	if s.current(c.key).State != backend.Running {
		return backend.ErrClaimLost
	}
	return nil
}

func releaseOfAbsentFails(s broken, c *call) error {
	if s.current(c.key).State == 0 {
		return backend.ErrClaimLost
	}
	return nil
}

func ignoresToken(s broken, c *call) error {
	c.token = s.current(c.key).Token
	return nil
}

func foreverEnds(_ broken, c *call) error {
	if c.outcome.Retention == backend.Forever {
		c.outcome.Retention = time.Millisecond
	}
	return nil
}
