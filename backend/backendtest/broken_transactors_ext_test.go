package backendtest_test

import (
	"context"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/txtest"
)

// brokenTransactors lists stores that break each promise about transactions.
var brokenTransactors = []struct {
	name  string
	group string // where the suite must fail
	wrap  func(*txtest.Store) backend.Store
}{
	{"DropsFingerprint", "Promise15", onBegin(func(_ *txtest.Store, c *backend.Claim) { c.Fingerprint = backend.Fingerprint{} })},
	{"NeverTakesOver", "Promise15", onBegin(func(_ *txtest.Store, c *backend.Claim) { c.Replaces = backend.Token{} })},
	{"WritesAreVisible", "Promise15", writesAreVisible},
	{"RollbackKeepsWrites", "Promise15", rollbackKeepsWrites},
	{"RollbackKeepsClaim", "Promise15", rollbackKeepsClaim},
	{"RollbackForgetsExpired", "Promise15", rollbackForgetsExpired},
	{"EndsWithBegin", "Promise15", endsWithBegin},
	{"EndsWithLease", "Promise15", endsWithLease},
	{"TwoOpen", "Promise15", twoOpen},
	{"ClaimIsVisible", "Promise16", claimIsVisible},
	{"ClaimIsOverwritten", "Promise16", claimIsOverwritten},
	{"BeginBlocks", "Promise16", beginBlocks},
	{"LocksAll", "Promise16", locksAll},
	{"InsideIsLocked", "Promise16", insideIsLocked},
	{"InsideStaysRunning", "Promise16", insideStaysRunning},
	{"NeverWakes", "Promise16", neverWakesLocked},
	{"WaitIgnoresContext", "Promise16", waitForLockIgnoresContext},
	{"NoOutcome", "Promise17", effectWithoutOutcome},
	{"NoEffect", "Promise17", outcomeWithoutEffect},
	{"DiscardIgnored", "Promise17", discardIgnored},
	{"DiscardDropsOutcome", "Promise17", discardDropsOutcome},
	{"RetentionFromBegin", "Promise17", retentionFromBegin},
	{"CommittedIsRunning", "Promise17", committedIsRunning},
	{"NotCommittedThoughCommitted", "Promise18", notCommittedThoughCommitted},
	{"CommittedThoughNot", "Promise18", committedThoughNot},
	{"CommitsLater", "Promise18", commitsLater},
	{"FailedIsCommitted", "Promise18", failedIsCommitted},
	{"RollbackNeedsContext", "Promise18", rollbackNeedsContext},
	{"FinishedIsOpened", "Promise19", finishedIsOpened},
	{"LeaseIsLocked", "Promise19", leaseIsLocked},
	{"FindingHolds", "Promise19", findingHolds},
	{"IgnoresContext", "Promise19", beginIgnoresContext},
}

// onBegin returns a store whose claims in transactions the defect can change.
func onBegin(defect func(*txtest.Store, *backend.Claim)) func(*txtest.Store) backend.Store {
	return func(s *txtest.Store) backend.Store {
		return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
			defect(s, &c)
			return s.Begin(ctx, key, c)
		}}
	}
}
