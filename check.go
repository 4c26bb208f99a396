package idempotency

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Server is what a program knows of its server and an engine cannot see.
type Server struct {
	// Operations are the RPCs that it serves, as "/pkg.Service/Method". Nil
	// means unknown. HTTP operations are not listed: they have paths.
	Operations []string
	// HandlerTimeout is how long it lets a handler run; zero if unknown.
	HandlerTimeout time.Duration
}

// Check reports, when a program starts, what would go wrong without anybody
// being told: a policy for an RPC that the server does not have, and a lease
// that ends before the server would give its handler up, so that a handler
// which blocks the process's heartbeats runs beside the one that took over. The
// error names every finding and the fix; it is nil where there is none.
func (e *Engine) Check(server Server) error {
	return errors.Join(append(e.checkOperations(server.Operations), e.checkLeases(server.HandlerTimeout)...)...)
}

func (e *Engine) checkOperations(operations []string) (findings []error) {
	if operations == nil {
		return nil
	}
	for _, named := range e.policies.list {
		if strings.HasPrefix(named.operations, "/") && !slices.ContainsFunc(operations, named.matches) {
			findings = append(findings, fmt.Errorf(
				"idempotency: WithPolicy(%q): the server has no such operation; name it as /pkg.Service/Method", named.operations))
		}
	}
	return findings
}

func (n namedPolicy) matches(operation string) bool {
	prefix, several := strings.CutSuffix(n.operations, "*")
	return operation == n.operations || several && strings.HasPrefix(operation, prefix)
}

func (e *Engine) checkLeases(timeout time.Duration) (findings []error) {
	check := func(lease time.Duration, option string) {
		if lease < timeout {
			findings = append(findings, fmt.Errorf(
				"idempotency: %s: the lease of %v is shorter than the %v that a handler may take; make it at least that", option, lease, timeout))
		}
	}
	check(e.policies.base.Lease, "WithLease")
	for _, named := range e.policies.list {
		if named.policy.Lease != 0 {
			check(named.policy.Lease, fmt.Sprintf("WithPolicy(%q)", named.operations))
		}
	}
	return findings
}
