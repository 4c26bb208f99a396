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
	DefaultMaxPause       = time.Minute
	DefaultBudget         = 50
	DefaultRefill         = 0.1
)

// Policy says when and how often a call is sent again.
type Policy struct {
	// MaxAttempts bounds how often a call is sent, the first time and hedging
	// included.
	MaxAttempts int
	// InitialBackoff is the pause before the first retry. It doubles with every
	// retry, up to MaxBackoff, and is spread by half of itself in both directions.
	InitialBackoff, MaxBackoff time.Duration
	// MaxPause is the longest pause that a server can ask for. If it asks for a
	// longer one, there is no retry.
	MaxPause time.Duration
	// Budget bounds the retries of a client: a retry takes one token, a settled
	// call returns Refill tokens, up to Budget, and without a token there is
	// neither a retry nor hedging.
	Budget, Refill float64
	// HedgeAfter sends a call a second time, without cancelling the first try, if
	// there is no answer after this time. Zero sends it once.
	HedgeAfter time.Duration
}

// Default returns the default policy.
func Default() Policy {
	return Policy{
		MaxAttempts:    DefaultMaxAttempts,
		InitialBackoff: DefaultInitialBackoff,
		MaxBackoff:     DefaultMaxBackoff,
		MaxPause:       DefaultMaxPause,
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
	check(p.MaxPause > 0, "a longest pause of %v is not positive", p.MaxPause)
	check(p.Budget >= 1 && p.Refill > 0, "a retry budget of %v tokens with a refill of %v: the first is at least 1, the second positive", p.Budget, p.Refill)
	check(p.HedgeAfter == 0 || p.HedgeAfter >= time.Millisecond, "hedging after %v is shorter than 1ms", p.HedgeAfter)
	return errors.Join(problems...)
}
