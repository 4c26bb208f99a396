package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

const shop = "https://shop.example"

func forShop(c *config) {
	c.corsOrigins = []string{shop}
	c.tenantHeader = "X-Tenant"
}

// preflight returns the answer to what a browser asks before it sends a payment.
func (s *testServer) preflight(t *testing.T, origin, path, fields string) fetched {
	t.Helper()
	return s.fetch(t, http.MethodOptions, path, map[string]string{
		"Origin":                         origin,
		"Access-Control-Request-Method":  http.MethodPost,
		"Access-Control-Request-Headers": fields,
	})
}

func TestPreflight(t *testing.T) {
	s := start(t, forShop)
	for _, path := range []string{paymentsv1connect.PaymentServiceCreatePaymentProcedure, "/v1/payments"} {
		const fields = "connect-protocol-version,content-type,idempotency-key,x-tenant"
		allowed := s.preflight(t, shop, path, fields)
		if allowed.header.Get("Access-Control-Allow-Origin") != shop || allowed.header.Get("Access-Control-Allow-Headers") != fields {
			t.Errorf("%s: got %v", path, allowed.header)
		}
		other := s.preflight(t, "https://other.example", path, fields)
		if other.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: another origin got %v", path, other.header)
		}
	}
	if made := s.entries("acme"); len(made) > 0 {
		t.Errorf("a preflight request made %v", made)
	}
}

func TestReplayMarkerIsExposed(t *testing.T) {
	s := start(t, forShop)
	answer := s.fetch(t, http.MethodGet, "/v1/payments", map[string]string{"Origin": shop, "X-Tenant": "acme"})
	if !strings.Contains(answer.header.Get("Access-Control-Expose-Headers"), "Idempotent-Replayed") {
		t.Errorf("got %v", answer.header)
	}
}

func TestNoCORSByDefault(t *testing.T) {
	allowed := start(t, nil).preflight(t, shop, "/v1/payments", "idempotency-key")
	for name := range allowed.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("got %s: %s", name, allowed.header.Get(name))
		}
	}
}
