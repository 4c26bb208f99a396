package main

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// ledger keeps the payments of every tenant, one entry for each. A customer who
// was charged twice shows as two entries, whatever the answers said.
//
// A payment is never changed once it is in: an update puts another in its
// place. So the doors may marshal what they were given without a lock.
type ledger struct {
	mu      sync.Mutex
	books   map[string][]*paymentsv1.Payment // by tenant, oldest first
	amended chan struct{}                    // closed by the next amendment
}

func newLedger() *ledger {
	return &ledger{books: make(map[string][]*paymentsv1.Payment), amended: make(chan struct{})}
}

// enter appends an entry and returns how many the tenant has now.
func (l *ledger) enter(tenant string, payment *paymentsv1.Payment) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.books[tenant] = append(l.books[tenant], payment)
	return len(l.books[tenant])
}

// amend puts a changed copy of a payment in its place, and returns nil when
// the tenant has no such payment.
func (l *ledger) amend(tenant, id string, change func(*paymentsv1.Payment)) *paymentsv1.Payment {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.find(tenant, id)
	if at < 0 {
		return nil
	}
	amended := proto.CloneOf(l.books[tenant][at])
	change(amended)
	l.books[tenant][at] = amended
	close(l.amended)
	l.amended = make(chan struct{})
	return amended
}

// awaitAmendment returns when the entry is no longer the given payment, or else
// the context's error.
func (l *ledger) awaitAmendment(ctx context.Context, tenant string, payment *paymentsv1.Payment) error {
	for {
		l.mu.Lock()
		amended, at := l.amended, l.find(tenant, payment.GetId())
		stands := at >= 0 && l.books[tenant][at] == payment
		l.mu.Unlock()
		if !stands {
			return nil
		}
		select {
		case <-amended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// get returns nil when the tenant has no such payment.
func (l *ledger) get(tenant, id string) *paymentsv1.Payment {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.find(tenant, id)
	if at < 0 {
		return nil
	}
	return l.books[tenant][at]
}

func (l *ledger) list(tenant string) []*paymentsv1.Payment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.books[tenant])
}

// find looks from the newest, which is what most calls are about. It is called
// with the lock held.
func (l *ledger) find(tenant, id string) int {
	for at, payment := range slices.Backward(l.books[tenant]) {
		if payment.GetId() == id {
			return at
		}
	}
	return -1
}
