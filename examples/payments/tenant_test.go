package main

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
)

func perTenant(c *config) { c.tenantHeader = "X-Tenant" }

func TestTenantsShareNoKeys(t *testing.T) {
	eachProtocol(t, perTenant, func(t protocolTest) {
		acme := t.create(charge("key-1").by("acme"))
		acme.wantFirst(t)
		other := charge("key-1").by("globex")
		other.request.Amount++ // not compared with the request of acme
		globex := t.create(other)
		globex.wantFirst(t)

		t.create(charge("key-1").by("acme")).wantReplayOf(t, acme)
		t.create(other).wantReplayOf(t, globex)
		for tenant, own := range map[string]answer{"acme": acme, "globex": globex} {
			entries := t.entries(tenant)
			if len(entries) != 1 || entries[0].GetId() != own.payment.GetId() {
				t.Errorf("%s has %v, want %v alone", tenant, entries, own.payment)
			}
		}
	})
}

func TestUnknownTenant(t *testing.T) {
	eachProtocol(t, perTenant, func(t protocolTest) {
		for range 2 {
			t.create(charge("key-1")).wantError(t, codes.Unauthenticated, 401)
		}
		t.create(charge("key-1").by("acme")).wantFirst(t)
	})
}

// The names look like another tenant's name and key, or like parts of the address
// of a record. Nevertheless each tenant has keys of its own.
func TestHostileTenants(t *testing.T) {
	tenants := []string{
		"acme", "acme:", "acme/", "acme key-1", "acm", "ACME", "acme%00", `acme"`, "acme{tag}",
		"acme/payments.v1.PaymentService/CreatePayment", "4acme", "\\acme", "acme,globex",
		strings.Repeat("acme", 1000), strings.Repeat("acme", 1000) + "x",
	}
	eachProtocol(t, perTenant, func(t protocolTest) {
		paid := map[string]string{}
		for _, tenant := range tenants {
			first := t.create(charge("key-1").by(tenant))
			first.wantFirst(t)
			if other, taken := paid[first.payment.GetId()]; taken {
				t.Errorf("%.40q got the payment of %.40q", tenant, other)
			}
			paid[first.payment.GetId()] = tenant
		}
		if len(paid) != len(tenants) {
			t.Errorf("%d payments for %d tenants", len(paid), len(tenants))
		}
	})
}
