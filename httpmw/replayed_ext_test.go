package httpmw_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// asked is a middleware outside a guard that asks whether the last answer is a replay.
type asked struct {
	next http.Handler
	last bool
}

func (a *asked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, replayed := httpmw.ReplayedContext(r.Context())
	a.next.ServeHTTP(w, r.WithContext(ctx))
	a.last = replayed()
}

func (a *asked) saw(t *testing.T, what string, want bool) {
	t.Helper()
	if a.last != want {
		t.Errorf("%s: replayed is %t, want %t", what, a.last, want)
	}
}

// TestOuterMiddlewareKnowsReplays: and that a refusal is none. Two layers may ask.
func TestOuterMiddlewareKnowsReplays(t *testing.T) {
	outer := &asked{next: newGuard(t, newEngine(t)).Wrap(count(ok))}
	outermost := &asked{next: outer}
	for _, step := range []struct {
		what, body string
		want       bool
	}{
		{"first request", "", false},
		{"replay", "", true},
		{"refusal", "{}", false},
	} {
		post(outermost, key, step.body)
		outer.saw(t, step.what, step.want)
		outermost.saw(t, step.what, step.want)
	}
}

// TestReplayOfInnerGuardIsOne: the outer guard does not know the key. The inner one is
// in this process or behind a proxy.
func TestReplayOfInnerGuardIsOne(t *testing.T) {
	inner := newGuard(t, newEngine(t), httpmw.WithHost(func(*http.Request) string { return "" })).Wrap(count(ok))
	for where, inner := range map[string]http.Handler{"same process": inner, "behind a proxy": proxyTo(t, inner)} {
		for _, again := range []bool{false, true} {
			outer := &asked{next: newGuard(t, newEngine(t)).Wrap(inner)}
			post(outer, keyOf(where), "").is(t, http.StatusOK, "done", again)
			outer.saw(t, where, again)
		}
	}
}

func keyOf(name string) string { return strings.ReplaceAll(name, " ", "-") }

// TestReplayThatAHandlerGetsIsNone: the handler sends a request of its own.
func TestReplayThatAHandlerGetsIsNone(t *testing.T) {
	guard := newGuard(t, newEngine(t))
	inner := guard.Wrap(count(ok))
	outer := &asked{next: guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		request := newRequest("of-the-handler", "").WithContext(r.Context())
		do(inner, request)
		do(inner, request).is(t, http.StatusOK, "done", true)
	}))}
	post(outer, key, "")
	outer.saw(t, "a replay inside the handler", false)
}

// TestUnreadableRecordIsNoReplay: the request is refused.
func TestUnreadableRecordIsNoReplay(t *testing.T) {
	outer := &asked{next: newGuard(t, engineOn(t, doneStore{outcome: []byte{0xff}})).Wrap(count(ok))}
	post(outer, key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnreadable)
	outer.saw(t, "unreadable", false)
}
