package idempotency

import (
	"cmp"
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// KeyMode says what an operation does with a key.
type KeyMode uint8

const (
	// KeyDefault inherits from the next level; see [Engine.Operation].
	KeyDefault KeyMode = iota
	// KeyOptional guards the calls that have a key.
	KeyOptional
	// KeyRequired refuses a call without a key, with [ErrKeyMissing], wherever an
	// adapter guards: not on streams without MaxMessages, on methods without side effects, or on
	// health checks and reflection.
	KeyRequired
	// KeyIgnored ignores keys: every call runs unguarded.
	KeyIgnored
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

// Policy is how the calls of some operations are treated. A zero field inherits;
// see [WithPolicy] and [Engine.Operation].
type Policy struct {
	// Key says whether a key is required, optional or ignored. The default is
	// [KeyOptional].
	Key KeyMode
	// Lease is how long a claim lives without a heartbeat, and so how long a key
	// stays blocked after a crash. The default is 30 s, the minimum 100 ms. A
	// handler may run longer: the engine extends the lease while it runs.
	Lease time.Duration
	// Retention is how long an outcome is replayed, and how long an expired
	// claim stays visible. The default is 24 h, the minimum 1 s; [Forever] sets
	// no end.
	Retention time.Duration
	// Wait is how long a call that finds another one running waits for its
	// outcome, within its own deadline, before it is refused with
	// [ErrInProgress]. The default is to refuse at once, which a negative time
	// says too. [Limits] bounds the number of waiting calls.
	Wait time.Duration
	// OnAbandoned decides about a call whose predecessor never ended. The
	// default is [Retry].
	OnAbandoned AbandonPolicy
	// RetryAfter is how long a refused client is told to wait before it retries.
	// The default is 1 s, the minimum 1 ms.
	RetryAfter time.Duration
	// Detached lets a handler run on for at most this long, counted from its
	// start, when its client hangs up or the client's deadline passes. [Forever]
	// sets no bound. The default is to cancel the handler with its client, which
	// a negative time says too.
	Detached time.Duration
	// Transaction says whether handlers run in a transaction of the store, which
	// must be a [backend.Transactor], such as pgstore: with [backend.OneCommit]
	// what a handler writes and its outcome are committed together. A handler
	// then needs no lease, and one that did not end was rolled back and had no
	// effect, so no claim is abandoned. That is so for what it writes in the
	// transaction: what it does elsewhere must bear to be done again, for example
	// by the key of [Execution.DeriveKey]. The default is [backend.NoTransaction].
	Transaction backend.TransactionMode
	// Rebuild returns the response of a call whose handler marked its claim, from the
	// reference that it gave: see pgstore.Mark. What is stored of the answer is then
	// the reference alone, also if the handler has answered. The response is what the
	// adapter takes: a message for RPCs, an httpmw.Response, or the []byte of
	// [Engine.Do]. It must be equal each time, since it is what every later call gets.
	// [ErrOutcomeNotKept] says that the answer does not exist any more; after any
	// other error the call is refused with [ErrStore]. It runs within the context of
	// the call, and must be safe for concurrent use. The default is to have no such
	// function: later calls get what the handler answered, or [ErrOutcomeNotKept] if
	// it never did.
	Rebuild func(ctx context.Context, execution Execution, reference []byte) (response any, err error)
	// Verdicts decide about answers before the adapter's classifier does, by the
	// number of the gRPC status code, or by the HTTP status of an operation
	// that is a method and a path. A nil map inherits; maps are not merged.
	Verdicts map[int]Verdict
	// MaxRequest and MaxResponse bound, in bytes, the request that httpmw reads
	// and the answer that any adapter stores. The default is the adapter's.
	MaxRequest, MaxResponse int64
	// MaxMessages guards server streams, and bounds the messages that are recorded of one
	// stream; MaxResponse bounds their bytes. A longer stream reaches its caller and
	// is not kept. The default is to refuse streams that have a key, which a negative
	// number says too. Streams are not guarded in a transaction.
	MaxMessages int
}

// over returns the policy with its zero fields taken from another one.
func (p *Policy) over(base *Policy) Policy {
	merged := Policy{
		Key:         cmp.Or(p.Key, base.Key),
		Lease:       cmp.Or(p.Lease, base.Lease),
		Retention:   cmp.Or(p.Retention, base.Retention),
		Wait:        cmp.Or(p.Wait, base.Wait),
		OnAbandoned: cmp.Or(p.OnAbandoned, base.OnAbandoned),
		RetryAfter:  cmp.Or(p.RetryAfter, base.RetryAfter),
		Detached:    cmp.Or(p.Detached, base.Detached),
		Transaction: cmp.Or(p.Transaction, base.Transaction),
		Rebuild:     p.Rebuild,
		Verdicts:    p.Verdicts,
		MaxRequest:  cmp.Or(p.MaxRequest, base.MaxRequest),
		MaxResponse: cmp.Or(p.MaxResponse, base.MaxResponse),
		MaxMessages: cmp.Or(p.MaxMessages, base.MaxMessages),
	}
	if merged.Verdicts == nil {
		merged.Verdicts = base.Verdicts
	}
	if merged.Rebuild == nil {
		merged.Rebuild = base.Rebuild
	}
	return merged
}

// empty reports whether the policy says nothing.
func (p *Policy) empty() bool {
	return p.Verdicts == nil && p.Rebuild == nil && p.Key == 0 && p.OnAbandoned == 0 && p.Transaction == 0 &&
		p.Lease|p.Retention|p.Wait|p.RetryAfter|p.Detached == 0 && p.MaxRequest|p.MaxResponse == 0 && p.MaxMessages == 0
}

func (p *Policy) validate(where string, check check) {
	check(p.Key <= KeyIgnored, "%sunknown key mode %d", where, p.Key)
	check.duration(where+"lease", p.Lease, minLease)
	check.duration(where+"retention", p.Retention, minRetention)
	check.duration(where+"retry-after", p.RetryAfter, minDuration)
	check.optional(where+"wait", max(p.Wait, 0))
	check.optional(where+"detached time", max(p.Detached, 0))
	check(p.OnAbandoned <= Reject, "%sunknown abandon policy %d", where, p.OnAbandoned)
	check(p.Transaction <= backend.OneCommitKeepErrorWrites, "%sunknown transaction mode %d", where, p.Transaction)
	check(p.MaxRequest >= 0 && p.MaxResponse >= 0, "%sa negative limit", where)
	check(p.MaxMessages <= 0 || !p.Transaction.InTransaction(), "%sstreams cannot be guarded in a transaction", where)
	for status, verdict := range p.Verdicts {
		check(verdict <= Release, "%sunknown verdict %d on %d", where, verdict, status)
	}
}
