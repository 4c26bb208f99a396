package backendtest_test

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// brokenStores breaks every promise at least once, in ways that stores have
// been broken before.
var brokenStores = []struct {
	name  string
	group string // where the suite must notice
	wrap  func(*memstore.Store) backend.Store
}{
	{"DropsFingerprint", "Promise01", onClaim(func(_ broken, c *call) { c.claim.Fingerprint = backend.Fingerprint{} })},
	{"CutsKeys", "Promise01", onClaim(func(_ broken, c *call) { c.key[31] = 0 })},
	{"TwoWinners", "Promise01", twoWinners},
	{"LoserExtends", "Promise02", onClaim(loserExtends)},
	{"LoserShortens", "Promise02", onClaim(loserShortens)},
	{"ReplacesAny", "Promise03", onClaim(replacesAny)},
	{"ReplacesLiving", "Promise03", onClaim(replacesLiving)},
	{"ReplacesTooEarly", "Promise03", onClaim(replacesTooEarly)},
	{"ReplacesTooLate", "Promise03", replacesTooLate},
	{"NeverReplaces", "Promise03", onClaim(func(_ broken, c *call) { c.claim.Replaces = backend.Token{} })},
	{"OwnTokenRenews", "Promise04", onClaim(ownTokenRenews)},
	{"OwnTokenLoses", "Promise04", ownTokenLoses},
	{"LapsedVanishes", "Promise05", onClaim(func(_ broken, c *call) { c.claim.Retention = 0 })},
	{"NeverLapses", "Promise05", onClaim(func(_ broken, c *call) { c.claim.Lease = backend.Forever })},
	{"LapsesEarly", "Promise05", onClaim(func(_ broken, c *call) { c.claim.Lease -= c.claim.Lease / 8 })},
	{"DoesNotRevive", "Promise06", onExtend(doesNotRevive)},
	{"ZeroIgnored", "Promise06", onExtend(zeroIgnored)},
	{"RetentionNotExtended", "Promise06", onExtend(func(_ broken, c *call) error { c.retention = 0; return nil })},
	{"CutsAtNUL", "Promise07", onComplete(cutsAtNUL)},
	{"NoLateCompletion", "Promise07", onComplete(noLateCompletion)},
	{"EmptyIsNotKept", "Promise07", onComplete(emptyIsNotKept)},
	{"KeepsClaimsExpiry", "Promise07", onComplete(keepsClaimsExpiry)},
	{"SecondCompletionFails", "Promise08", onComplete(secondCompletionFails)},
	{"ReleaseOfAbsentFails", "Promise09", onRelease(releaseOfAbsentFails)},
	{"ReleaseForgotten", "Promise09", releaseForgotten},
	{"CompleteIgnoresToken", "Promise10", onComplete(ignoresToken)},
	{"ExtendIgnoresToken", "Promise10", onExtend(ignoresToken)},
	{"ReleaseIgnoresToken", "Promise10", onRelease(ignoresToken)},
	{"StaleSucceedsQuietly", "Promise10", staleSucceeds},
	{"ForeverEnds", "Promise11", onComplete(foreverEnds)},
	{"NeverExpires", "Promise11", onComplete(func(_ broken, c *call) error { c.outcome.Retention = backend.Forever; return nil })},
	{"NeverFrees", "Promise12", neverFrees},
	{"SweepsSuccessor", "Promise12", sweepsSuccessor},
	{"CloseForgotten", "Promise12", closeForgotten},
	{"IgnoresContext", "Promise13", ignoresContext},
	{"HidesContextError", "Promise13", hidesContextError},
	{"SharesBuffer", "Promise14", sharesBuffer},
	{"WipesOutcome", "Promise14", wipesOutcome},
	{"StaleReads", "Linearizable", staleReads},
	{"NeverWakes", "Waiting", neverWakes},
	{"WaitIgnoresContext", "Waiting", waitIgnoresContext},
	{"LeftIsWholeRetention", "Remaining", leftIsWholeRetention},
	{"LeftIgnoresToken", "Remaining", leftIgnoresToken},
	{"LeftOfRunning", "Remaining", leftOfRunning},
}

// broken is a sound store, for defects to be built upon.
type broken struct{ *memstore.Store }

// call holds the arguments of a call, for a defect to change.
type call struct {
	key              backend.Key
	token            backend.Token
	claim            backend.Claim
	lease, retention time.Duration
	outcome          backend.Outcome
}

// stands returns what stands under the key; an absent key stays absent.
func (s broken) stands(key backend.Key) backend.Record {
	probe := backend.Claim{Token: backend.Token{0xbb}, Lease: time.Hour}
	rec, _ := s.Claim(context.Background(), key, probe)
	if rec.Token == probe.Token {
		_ = s.Release(context.Background(), key, probe.Token)
		return backend.Record{}
	}
	return rec
}

var errBroken = errors.New("broken")
