package main

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// ledger has the payments of every tenant, one entry each. A customer who was
// charged twice has two entries.
//
// A payment in the ledger never changes: an update replaces it by a changed copy.
// So callers can marshal a payment without a lock.
type ledger struct {
	mu      sync.Mutex
	entries map[string][]*paymentsv1.Payment // by tenant, oldest first
	updated chan struct{}                    // closed by the next update
}

func newLedger() *ledger {
	return &ledger{entries: make(map[string][]*paymentsv1.Payment), updated: make(chan struct{})}
}

// add appends an entry and returns the number of entries of the tenant.
func (l *ledger) add(tenant string, payment *paymentsv1.Payment) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[tenant] = append(l.entries[tenant], payment)
	return len(l.entries[tenant])
}

// update replaces a payment by a changed copy, which it returns. It returns nil if
// the tenant has no such payment.
func (l *ledger) update(tenant, id string, change func(*paymentsv1.Payment)) *paymentsv1.Payment {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.find(tenant, id)
	if at < 0 {
		return nil
	}
	changed := proto.CloneOf(l.entries[tenant][at])
	change(changed)
	l.entries[tenant][at] = changed
	close(l.updated)
	l.updated = make(chan struct{})
	return changed
}

// awaitUpdate returns nil when the given payment has been replaced, or the error
// of the context if that ends first.
func (l *ledger) awaitUpdate(ctx context.Context, tenant string, payment *paymentsv1.Payment) error {
	for {
		l.mu.Lock()
		updated, at := l.updated, l.find(tenant, payment.GetId())
		current := at >= 0 && l.entries[tenant][at] == payment
		l.mu.Unlock()
		if !current {
			return nil
		}
		select {
		case <-updated:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// get returns nil if the tenant has no such payment.
func (l *ledger) get(tenant, id string) *paymentsv1.Payment {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.find(tenant, id)
	if at < 0 {
		return nil
	}
	return l.entries[tenant][at]
}

func (l *ledger) list(tenant string) []*paymentsv1.Payment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[tenant])
}

// find returns the index of a payment, or -1. It searches from the newest, which
// most calls are about. The caller holds the lock.
func (l *ledger) find(tenant, id string) int {
	for at, payment := range slices.Backward(l.entries[tenant]) {
		if payment.GetId() == id {
			return at
		}
	}
	return -1
}
