package backendtest_test

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// brokenStores lists stores that break every promise at least once, with defects
// that real stores have had.
var brokenStores = []struct {
	name  string
	group string // where the suite must fail
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
	{"ExpiredVanishes", "Promise05", onClaim(func(_ broken, c *call) { c.claim.Retention = 0 })},
	{"LeaseNeverExpires", "Promise05", onClaim(func(_ broken, c *call) { c.claim.Lease = backend.Forever })},
	{"LeaseExpiresEarly", "Promise05", onClaim(func(_ broken, c *call) { c.claim.Lease -= c.claim.Lease / 8 })},
	{"DoesNotRenew", "Promise06", onExtend(doesNotRenew)},
	{"ZeroIgnored", "Promise06", onExtend(zeroIgnored)},
	{"RetentionNotExtended", "Promise06", onExtend(func(_ broken, c *call) error { c.retention = 0; return nil })},
	{"CutsAtNUL", "Promise07", onComplete(cutsAtNUL)},
	{"NoLateCompletion", "Promise07", onComplete(noLateCompletion)},
	{"EmptyIsNotKept", "Promise07", onComplete(emptyIsNotKept)},
	{"RetainsClaimsExpiry", "Promise07", onComplete(retainsClaimsExpiry)},
	{"SecondCompletionFails", "Promise08", onComplete(secondCompletionFails)},
	{"ReleaseOfAbsentFails", "Promise09", onRelease(releaseOfAbsentFails)},
	{"ReleaseDoesNothing", "Promise09", releaseDoesNothing},
	{"CompleteIgnoresToken", "Promise10", onComplete(ignoresToken)},
	{"ExtendIgnoresToken", "Promise10", onExtend(ignoresToken)},
	{"ReleaseIgnoresToken", "Promise10", onRelease(ignoresToken)},
	{"StaleTokenSucceeds", "Promise10", staleSucceeds},
	{"ForeverEnds", "Promise11", onComplete(foreverEnds)},
	{"RetentionNeverEnds", "Promise11", onComplete(func(_ broken, c *call) error { c.outcome.Retention = backend.Forever; return nil })},
	{"NeverFrees", "Promise12", neverFrees},
	{"SweepsSuccessor", "Promise12", sweepsSuccessor},
	{"CloseDoesNothing", "Promise12", closeDoesNothing},
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

// broken is a correct store to which a test adds a defect.
type broken struct{ *memstore.Store }

// call holds the arguments of a call. A defect changes them.
type call struct {
	key              backend.Key
	token            backend.Token
	claim            backend.Claim
	lease, retention time.Duration
	outcome          backend.Outcome
}

// current returns the record of key. An absent key stays absent.
func (s broken) current(key backend.Key) backend.Record {
	probe := backend.Claim{Token: backend.Token{0xbb}, Lease: time.Hour}
	rec, _ := s.Claim(context.Background(), key, probe)
	if rec.Token == probe.Token {
		_ = s.Release(context.Background(), key, probe.Token)
		return backend.Record{}
	}
	return rec
}

var errBroken = errors.New("broken")
