package idempotency

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// everyOperation is the pattern of the policy from which all others inherit.
const everyOperation = "*"

// policies finds the policy of an operation.
type policies struct {
	list     []namedPolicy
	base     Policy                  // for everyOperation, over the defaults
	exact    map[string]*policyEntry // by operation
	prefixes []*policyEntry          // the longest first
	all      policyEntry             // for other operations
	required bool                    // a key, by any of them
}

// inTransaction reports whether any of them has handlers run in a transaction.
func (p *policies) inTransaction() bool {
	return slices.ContainsFunc(p.list, func(n namedPolicy) bool { return n.policy.Transaction.InTransaction() })
}

// namedPolicy is what WithPolicy was given.
type namedPolicy struct {
	operations string
	policy     Policy
}

// policyEntry is a policy as given, and complete as it applies without a schema.
type policyEntry struct {
	prefix          string
	given, complete Policy
}

// resolve returns the complete policy of an operation. It must not be changed.
func (p *policies) resolve(operation string, schema *Policy) *Policy {
	found, exact := p.exact[operation]
	if !exact {
		found = p.byPrefix(operation)
	}
	if schema.empty() {
		return &found.complete
	}
	complete := schema.over(&found.given)
	if exact {
		complete = found.given.over(schema)
	}
	complete = complete.over(&p.base)
	return &complete
}

func (p *policies) byPrefix(operation string) *policyEntry {
	for _, entry := range p.prefixes {
		if strings.HasPrefix(operation, entry.prefix) {
			return entry
		}
	}
	return &p.all
}

// prepare puts the list in the order in which it is searched.
func (p *policies) prepare() {
	for _, named := range p.list {
		if named.operations == everyOperation {
			p.base = named.policy.over(&p.base)
		}
	}
	p.all.complete = p.base
	p.required = p.base.Key == KeyRequired
	p.exact = make(map[string]*policyEntry, len(p.list))
	for _, named := range p.list {
		if named.operations != everyOperation {
			p.add(named)
		}
	}
	slices.SortFunc(p.prefixes, func(a, b *policyEntry) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
}

func (p *policies) add(named namedPolicy) {
	entry := &policyEntry{given: named.policy, complete: named.policy.over(&p.base)}
	p.required = p.required || entry.complete.Key == KeyRequired
	prefix, several := strings.CutSuffix(named.operations, "*")
	if several {
		entry.prefix = prefix
		p.prefixes = append(p.prefixes, entry)
	} else {
		p.exact[named.operations] = entry
	}
}

// validate checks every policy.
func (p *policies) validate(check check) {
	seen := map[string]bool{}
	for _, named := range p.list {
		where := fmt.Sprintf("policy for %q: ", named.operations)
		check(named.operations != "", "%sno operation named", where)
		check(strings.Count(strings.TrimSuffix(named.operations, "*"), "*") == 0, "%sa * may only stand at the end", where)
		check(!seen[named.operations], "%sgiven twice", where)
		seen[named.operations] = true
		complete := named.policy.over(&p.base)
		complete.validate(where, check)
	}
	p.base.validate("", check) // as the old options set it
}
