package idempotency

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
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

// WithPolicy sets a policy for one operation, "/pkg.Service/Method" or
// "METHOD /path", or for all that begin with what stands before a final "*":
// "/pkg.Service/*". The most specific policy applies; policies are not merged:
// one for the very operation, or else the one with the longest beginning. The
// default is to treat all alike.
func WithPolicy(operations string, policy Policy) Option {
	return func(c *config) {
		c.policies.list = append(c.policies.list, namedPolicy{operations, policy})
	}
}

type namedPolicy struct {
	operations string
	policy     Policy
}

// policies finds the policy of an operation.
type policies struct {
	standard Policy // of the engine's options
	list     []namedPolicy
	exact    map[string]*Policy
	prefixes []prefixPolicy // the longest first
	required bool           // by any of them
}

type prefixPolicy struct {
	prefix string
	policy *Policy
}

// PolicyFor returns the policy of an operation, with what the engine's options
// say in place of zero fields. It must not be changed.
func (e *Engine) PolicyFor(operation string) *Policy {
	p := &e.policies
	if policy, ok := p.exact[operation]; ok {
		return policy
	}
	for i := range p.prefixes {
		if strings.HasPrefix(operation, p.prefixes[i].prefix) {
			return p.prefixes[i].policy
		}
	}
	return &p.standard
}

// prepare puts the list in the order in which it is searched.
func (p *policies) prepare() {
	p.required = p.standard.Key == KeyRequired
	p.exact = make(map[string]*Policy, len(p.list))
	for _, named := range p.list {
		policy := named.policy.over(&p.standard)
		p.required = p.required || policy.Key == KeyRequired
		if prefix, ok := strings.CutSuffix(named.operations, "*"); ok {
			p.prefixes = append(p.prefixes, prefixPolicy{prefix, policy})
		} else {
			p.exact[named.operations] = policy
		}
	}
	slices.SortFunc(p.prefixes, func(a, b prefixPolicy) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
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

// validate reports what cannot be honoured, with check.
func (p *policies) validate(check check) {
	p.standard.validate("", check)
	check(p.standard.Wait >= 0, "wait %v is negative", p.standard.Wait)
	seen := map[string]bool{}
	for _, named := range p.list {
		where := fmt.Sprintf("policy for %q: ", named.operations)
		check(named.operations != "", "%sno operation named", where)
		check(strings.Count(strings.TrimSuffix(named.operations, "*"), "*") == 0, "%sa * may only stand at the end", where)
		check(!seen[named.operations], "%sgiven twice", where)
		seen[named.operations] = true
		named.policy.over(&p.standard).validate(where, check)
	}
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
