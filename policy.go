package idempotency

import (
	"cmp"
	"time"
)

// KeyUse says what an operation does with a key.
type KeyUse uint8

const (
	// KeyDefault inherits from the next level: see [Engine.KeyUse].
	KeyDefault KeyUse = iota
	// KeyOptional honours a key where one is sent.
	KeyOptional
	// KeyRequired refuses a call that has no key.
	KeyRequired
	// KeyOff ignores keys: the call always runs.
	KeyOff
)

// AbandonPolicy decides about a call whose predecessor was started and whose
// claim then expired: its process died, it panicked, it lost its lease, or its
// answer did not say whether it had an effect.
type AbandonPolicy uint8

const (
	_ AbandonPolicy = iota
	// Retry runs the call as the next attempt; the handler can see that in
	// [Execution.Recovered].
	Retry
	// Reject refuses the call with [ErrOutcomeUnknown], so that a handler is
	// started at most once per key, unless it said that it had no effect.
	Reject
)

// Policy is how the calls of some operations are treated. A zero field inherits
// from the engine's options, or from the adapter's.
type Policy struct {
	// Key says whether a key is required, optional or ignored. See
	// [Engine.KeyUse] for what goes before what.
	Key KeyUse
	// Lease : see [WithLease].
	Lease time.Duration
	// Retention : see [WithRetention].
	Retention time.Duration
	// Wait : see [WithWait]. A negative time refuses at once.
	Wait time.Duration
	// OnAbandoned : see [WithOnAbandoned].
	OnAbandoned AbandonPolicy
	// Verdicts decide about answers before the adapter's classifier does, by the
	// number of the gRPC status code, or by the HTTP status of an operation
	// that is a method and a path.
	Verdicts map[int]Verdict
	// MaxRequest and MaxResponse bound, in bytes, the request that httpmw reads
	// and the answer that any adapter keeps.
	MaxRequest, MaxResponse int64
}

// over fills zero fields in. That of Key stays: a schema may have a say.
func (p *Policy) over(standard *Policy) *Policy {
	full := *p
	full.Lease = cmp.Or(p.Lease, standard.Lease)
	full.Retention = cmp.Or(p.Retention, standard.Retention)
	full.Wait = cmp.Or(p.Wait, standard.Wait)
	full.OnAbandoned = cmp.Or(p.OnAbandoned, standard.OnAbandoned)
	return &full
}

func (p *Policy) validate(where string, check check) {
	check(p.Key <= KeyOff, "%sunknown key use %d", where, p.Key)
	check.duration(where+"lease", p.Lease, minLease)
	check.duration(where+"retention", p.Retention, minRetention)
	check.optional(where+"wait", max(p.Wait, 0))
	check(p.OnAbandoned == Retry || p.OnAbandoned == Reject, "%sunknown abandon policy %d", where, p.OnAbandoned)
	check(p.MaxRequest >= 0 && p.MaxResponse >= 0, "%sa negative limit", where)
	for status, verdict := range p.Verdicts {
		check(verdict <= Release, "%sunknown verdict %d on %d", where, verdict, status)
	}
}
