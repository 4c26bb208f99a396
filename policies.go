package idempotency

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

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

// of returns the policy of an operation. It must not be changed.
func (p *policies) of(operation string) *Policy {
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
