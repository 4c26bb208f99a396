package httpmw_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency/httpmw"
)

// TestBadClientOptions are all named in one error.
func TestBadClientOptions(t *testing.T) {
	_, err := httpmw.NewTransport(nil,
		nil,
		httpmw.WithClientKeyField("a b"),
		httpmw.WithMaxAttempts(-1),
		httpmw.WithBackoff(time.Second, time.Millisecond),
		httpmw.WithMaxPause(-time.Second),
		httpmw.WithRetryBudget(0.5, 0),
		httpmw.WithHedging(-1),
	)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"option 1 is nil", `"a b"`, "-1 attempts", "backoff", "pause", "budget", "hedging"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestZeroClientOptionsAreTheDefaults(t *testing.T) {
	newTransport(t, nil,
		httpmw.WithClientKeyField(""), httpmw.WithClientMethods(), httpmw.WithMaxAttempts(0), httpmw.WithBackoff(0, 0),
		httpmw.WithMaxPause(0), httpmw.WithRetryBudget(0, 0), httpmw.WithHedging(0))
}
