package main

import (
	"testing"

	"google.golang.org/grpc/codes"
)

func perTenant(c *config) { c.tenantHeader = "X-Tenant" }

func TestTenantsShareNoKeys(t *testing.T) {
	eachDoor(t, perTenant, func(t scene) {
		acme := t.create(charge("key-1").by("acme"))
		acme.wantFirst(t)
		other := charge("key-1").by("globex")
		other.request.Amount++ // nor does one learn of the other's request
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

func TestTenantUnknown(t *testing.T) {
	eachDoor(t, perTenant, func(t scene) {
		for range 2 {
			t.create(charge("key-1")).wantError(t, codes.Unauthenticated, 401)
		}
		t.create(charge("key-1").by("acme")).wantFirst(t)
	})
}
