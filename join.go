package idempotency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.HandlerClaim = (*handlerContext)(nil)

// Store implements backend.HandlerClaim.
func (h *handlerContext) Store() backend.Store { return h.claim.store }

// Complete implements backend.HandlerClaim.
func (h *handlerContext) Complete(ctx context.Context, tx backend.HandlerTransaction, response any) error {
	if err := h.mayJoin(); err != nil {
		return err
	}
	answer, err := h.encode(ctx, response)
	if err != nil {
		return err
	}
	outcome, marked := h.outcomeOf(answer), h.join(tx)
	if err := tx.Complete(ctx, h.claim.key, h.claim.token, outcome); err != nil {
		return err
	}
	h.joined.Store(&joined{tx: tx, marked: marked, completed: true, outcome: outcome})
	return nil
}

// Mark implements backend.HandlerClaim.
func (h *handlerContext) Mark(ctx context.Context, tx backend.HandlerTransaction, reference []byte) error {
	if err := h.mayJoin(); err != nil {
		return err
	}
	h.join(tx)
	if err := tx.Mark(ctx, h.claim.key, h.claim.token, reference); err != nil {
		return err
	}
	h.joined.Store(&joined{tx: tx, marked: true})
	return nil
}

// Errors of handlers that join their claim to a transaction.
var (
	errOneCommit = errors.New("idempotency: the handler runs in a transaction that the engine commits together with its answer (Policy.Transaction); only a handler with its own transaction can complete or mark its claim")
	errAnswered  = errors.New("idempotency: the handler has answered, and its claim is finished")
)

func (h *handlerContext) mayJoin() error {
	switch {
	case h.claim.policy.Transaction.InTransaction():
		return errOneCommit
	case h.answered.Load():
		return errAnswered
	default:
		return nil
	}
}

// join has heartbeats go through the transaction before it holds the record, and
// reports whether the claim may have been marked before.
func (h *handlerContext) join(tx backend.HandlerTransaction) (marked bool) {
	if before := h.joined.Load(); before != nil {
		marked = before.marked
	}
	h.joined.Store(&joined{tx: tx, marked: marked})
	return marked
}

// encode returns the answer that is recorded of a response.
func (h *handlerContext) encode(ctx context.Context, response any) (Answer, error) {
	if h.call.Encoder == nil {
		return Answer{}, errors.New("idempotency: the adapter of this call does not encode responses")
	}
	answer, err := h.call.Encoder.Encode(ctx, response)
	if err == nil && answer.Verdict != Record {
		err = fmt.Errorf("idempotency: the verdict on this response (%T) is not to record it", response)
	}
	return answer, err
}

// extend sends a heartbeat. One that was sent before the handler joined the claim to
// a transaction may have waited for that, or have found the record finished.
func (h *handlerContext) extend(ctx context.Context, timeout time.Duration) error {
	j := h.joined.Load()
	if j == nil {
		err := h.claim.extend(ctx, timeout)
		if j = h.joined.Load(); err == nil || j == nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return j.tx.Extend(ctx, h.claim.key, h.claim.token, h.claim.policy.Lease, h.claim.policy.Retention)
}
