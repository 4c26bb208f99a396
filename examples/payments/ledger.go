package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// ledger has the payments of every tenant, one entry each. A customer who was
// charged twice has two entries. Its errors are gRPC statuses. It is safe for
// concurrent use.
type ledger interface {
	// add appends an entry and returns the number of entries of the tenant.
	add(ctx context.Context, tenant string, payment *paymentsv1.Payment) (int, error)
	// update replaces a payment by a changed copy, which it returns.
	update(ctx context.Context, tenant, id string, change func(*paymentsv1.Payment)) (*paymentsv1.Payment, error)
	// awaitUpdate returns nil when the given payment has been updated.
	awaitUpdate(ctx context.Context, tenant string, payment *paymentsv1.Payment) error
	get(ctx context.Context, tenant, id string) (*paymentsv1.Payment, error)
	// list returns the payments of a tenant, the oldest first.
	list(ctx context.Context, tenant string) ([]*paymentsv1.Payment, error)
}

// errNoPayment is the same for a payment of another tenant and for none at all, so
// that a tenant learns nothing about payments of others.
var errNoPayment = status.Error(codes.NotFound, "there is no payment with this id")
