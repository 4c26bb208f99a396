package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// The page reads the ledger with a GET of Connect, which has no effect and needs no
// key, even where keys are required.
func TestPageReadsTheLedger(t *testing.T) {
	s := start(t, func(c *config) { c.require = true })
	client := dialConnect()(t, s)
	made := client.create(t.Context(), charge("key-1"))
	made.wantFirst(t)
	client.create(t.Context(), charge("key-1")).wantReplayOf(t, made)

	query := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {"{}"}}
	ledger := s.fetch(t, http.MethodGet, paymentsv1connect.PaymentServiceListPaymentsProcedure+"?"+query.Encode(), nil)
	if ledger.status != http.StatusOK || strings.Count(ledger.body, `"id":`) != 1 || !strings.Contains(ledger.body, made.payment.GetId()) {
		t.Errorf("got %d %s, want the one entry %s", ledger.status, ledger.body, made.payment.GetId())
	}
}
