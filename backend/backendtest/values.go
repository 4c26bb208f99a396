package backendtest

import (
	"crypto/rand"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// long is a lease or retention that does not end during a test.
const long = time.Hour

func newKey() (k backend.Key) {
	rand.Read(k[:])
	return k
}

func newToken() (t backend.Token) {
	rand.Read(t[:])
	return t
}

// newClaim returns a new first claim with a long lease and a long retention.
func newClaim() backend.Claim {
	c := backend.Claim{Token: newToken(), Attempt: 1, Lease: long, Retention: long}
	rand.Read(c.Fingerprint[:])
	return c
}

// takeover returns a claim that replaces another claim.
func takeover(of backend.Claim) backend.Claim {
	c := newClaim()
	c.Replaces = of.Token
	c.Attempt = of.Attempt + 1
	return c
}

// outcome returns an outcome with a long retention.
func outcome(bytes string) backend.Outcome {
	return backend.Outcome{Bytes: []byte(bytes), Retention: long}
}

// notKept returns an outcome without bytes, with a long retention.
func notKept() backend.Outcome { return backend.Outcome{NotKept: true, Retention: long} }

// running returns the record of a claim that has won.
func running(c backend.Claim) backend.Record {
	return backend.Record{
		State:       backend.Running,
		Token:       c.Token,
		Attempt:     c.Attempt,
		Fingerprint: c.Fingerprint,
	}
}

// finished returns the record of a claim that was completed.
func finished(c backend.Claim, o backend.Outcome) backend.Record {
	rec := running(c)
	rec.State = o.State()
	rec.Outcome = o.Bytes
	return rec
}
