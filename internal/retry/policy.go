package retry

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of a [Policy].
const (
	DefaultMaxAttempts    = 4
	DefaultInitialBackoff = 100 * time.Millisecond
	DefaultMaxBackoff     = 5 * time.Second
	DefaultBudget         = 10
	DefaultRefill         = 0.1
)

// Policy says when and how often a call is sent again.
type Policy struct {
	// MaxAttempts bounds how often a call is sent, the first time included.
	MaxAttempts int
	// InitialBackoff is the pause before the first retry. It doubles with every
	// retry, up to MaxBackoff, and is spread by half of itself in both directions.
	InitialBackoff, MaxBackoff time.Duration
	// Budget bounds the retries of a client, as in gRPC's retry throttling (gRFC
	// A6): every answer that asks for a retry takes one token, every other answer
	// returns Refill tokens, and there are no retries while half of the tokens or
	// fewer are left.
	Budget, Refill float64
	// HedgeAfter sends a call a second time, without cancelling the first one, if
	// there is no answer after this time. Zero sends it once.
	HedgeAfter time.Duration
}

// Default returns the default policy.
func Default() Policy {
	return Policy{
		MaxAttempts:    DefaultMaxAttempts,
		InitialBackoff: DefaultInitialBackoff,
		MaxBackoff:     DefaultMaxBackoff,
		Budget:         DefaultBudget,
		Refill:         DefaultRefill,
	}
}

// Validate returns an error that names everything that is wrong with the policy.
func (p *Policy) Validate() error {
	var problems []error
	check := func(valid bool, format string, arguments ...any) {
		if !valid {
			problems = append(problems, fmt.Errorf(format, arguments...))
		}
	}
	check(p.MaxAttempts > 0, "%d attempts: at least one is needed", p.MaxAttempts)
	check(p.InitialBackoff >= time.Millisecond && p.MaxBackoff >= p.InitialBackoff,
		"a backoff from %v to %v: the first is at least 1ms, the second at least the first", p.InitialBackoff, p.MaxBackoff)
	check(p.Budget > 0 && p.Refill > 0, "a retry budget of %v with a refill of %v: both must be positive", p.Budget, p.Refill)
	check(p.HedgeAfter == 0 || p.HedgeAfter >= time.Millisecond, "hedging after %v is shorter than 1ms", p.HedgeAfter)
	return errors.Join(problems...)
}
