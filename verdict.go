package idempotency

// Verdict decides what happens to a claim after its handler answered.
type Verdict uint8

const (
	// Abandon means that it is unknown whether the operation had an effect. The claim
	// expires at once, and [Policy.OnAbandoned] decides about the next call.
	Abandon Verdict = iota
	// Record stores the answer for every later call.
	Record
	// Release means that the operation had no effect: the next call runs.
	Release
)
