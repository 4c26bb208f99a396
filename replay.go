package idempotency

// Replay is a recorded outcome that is about to be returned; see
// [WithReplayAuthorizer].
type Replay struct {
	Operation string
	Key       string
	Scope     string
	// Attempt is the number of the claim that made the outcome.
	Attempt int
}
