package idempotency

import "time"

// Execution is what a handler can know and say of the claim that it runs under.
// The zero Execution is that of an unguarded handler; its methods do nothing.
type Execution struct {
	Operation string
	Key       string
	Scope     string
	// Attempt is 1 for the first claim of the key, and one more each time an
	// expired claim is taken over. It is 0 without a confirmed claim (see
	// [WithFailOpen]).
	Attempt int
	// Recovered is true when an earlier attempt was started and never ended:
	// its effects may be there already.
	Recovered bool
	// Token is unique to this claim. Later attempts have another; a resource
	// that stores it can refuse a stale owner.
	Token string

	running runningHandler // nil when unguarded
}

// runningHandler is the handler that an execution is of.
type runningHandler interface {
	// deriveKey returns the key of Execution.DeriveKey.
	deriveKey(name string) string
	// eachOverride invokes visit with what the handler says about its answer, and
	// with that of every guarded handler around it.
	eachOverride(visit func(*override))
}

// DeriveKey returns a key for a call that the handler makes to another service,
// in the form of a UUID (RFC 9562, version 8). It is the same at every attempt
// of the same call, and differs for every name, scope, operation and key, so the
// other service sees a retry as a retry. It returns "" when the handler runs
// unguarded.
func (e Execution) DeriveKey(name string) string {
	if e.running == nil {
		return ""
	}
	return e.running.deriveKey(name)
}

// NoEffect says that the call had no effect: its answer is not recorded, whatever
// it is, the claim is released, and the next call with the key runs. Where
// several layers guard one request in this process, it applies to all of them.
// It may be called from any goroutine of the handler, until the handler returns.
func (e Execution) NoEffect() {
	if e.running != nil {
		e.running.eachOverride(func(o *override) { o.noEffect.Store(true) })
	}
}

// ShortenRetention sets how long the answer is retained, if that is less than
// the configured retention; a time that is not positive changes nothing. Where
// several layers guard one request in this process, it applies to all of them.
// It may be called from any goroutine of the handler, until the handler returns.
func (e Execution) ShortenRetention(retention time.Duration) {
	if e.running != nil {
		e.running.eachOverride(func(o *override) { o.retention.Store(int64(retention)) })
	}
}
