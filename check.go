package idempotency

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check reports, when a program starts, mistakes that would otherwise stay
// unnoticed: a policy for an RPC that the server does not have, and a lease that
// ends before the server stops waiting for its handler. A handler that keeps the
// process from sending heartbeats would then run beside the one that took over.
//
// Operations are the RPCs that the server has, as "/pkg.Service/Method"; nil
// means that they are not known. HTTP operations are not listed. The timeout is
// how long the server lets a handler run; zero means that it is not known.
//
// It also runs the checks of the adapters on the engine: those of gRPC and Connect
// report request messages in which [KeyRules].RequestID cannot tell which field is the
// key, and server streams that the policies guard in a transaction. So call it when the adapters have been made.
//
// The error names every finding and its fix, and is nil if there is none.
func (e *Engine) Check(operations []string, handlerTimeout time.Duration) error {
	findings := append(e.checkOperations(operations), e.checkLeases(handlerTimeout)...)
	e.checks.Range(func(_, check any) bool {
		findings = append(findings, check.(func([]string) error)(operations)) //nolint:forcetypeassert // see AddCheck
		return true
	})
	return errors.Join(findings...)
}

// AddCheck adds a check of an adapter to [Engine.Check], which calls it with its own
// operations. A check with the same name as an earlier one replaces it: an adapter of
// which there are two on one engine checks once.
func (e *Engine) AddCheck(name string, check func(operations []string) error) {
	e.checks.Store(name, check)
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
	check(e.policies.base.Lease, `WithPolicy("*")`)
	for _, named := range e.policies.list {
		if named.policy.Lease != 0 && named.operations != everyOperation {
			check(named.policy.Lease, fmt.Sprintf("WithPolicy(%q)", named.operations))
		}
	}
	return findings
}
