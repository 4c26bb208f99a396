package main

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// memoryLedger is the ledger of one process.
//
// A payment in it never changes: an update replaces it by a changed copy. So callers
// can marshal a payment without a lock.
type memoryLedger struct {
	mu      sync.Mutex
	entries map[string][]*paymentsv1.Payment // by tenant, oldest first
	updated chan struct{}                    // closed by the next update
}

func newMemoryLedger() *memoryLedger {
	return &memoryLedger{entries: make(map[string][]*paymentsv1.Payment), updated: make(chan struct{})}
}

func (l *memoryLedger) add(_ context.Context, tenant string, payment *paymentsv1.Payment) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[tenant] = append(l.entries[tenant], payment)
	return len(l.entries[tenant]), nil
}

func (l *memoryLedger) update(_ context.Context, tenant, id string, change func(*paymentsv1.Payment)) (*paymentsv1.Payment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.find(tenant, id)
	if at < 0 {
		return nil, errNoPayment
	}
	changed := proto.CloneOf(l.entries[tenant][at])
	change(changed)
	l.entries[tenant][at] = changed
	close(l.updated)
	l.updated = make(chan struct{})
	return changed, nil
}

func (l *memoryLedger) awaitUpdate(ctx context.Context, tenant string, payment *paymentsv1.Payment) error {
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
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

func (l *memoryLedger) get(_ context.Context, tenant, id string) (*paymentsv1.Payment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.find(tenant, id)
	if at < 0 {
		return nil, errNoPayment
	}
	return l.entries[tenant][at], nil
}

func (l *memoryLedger) list(_ context.Context, tenant string) ([]*paymentsv1.Payment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[tenant]), nil
}

// find returns the index of a payment, or -1. It searches from the newest, which
// most calls are about. The caller holds the lock.
func (l *memoryLedger) find(tenant, id string) int {
	for at, payment := range slices.Backward(l.entries[tenant]) {
		if payment.GetId() == id {
			return at
		}
	}
	return -1
}
