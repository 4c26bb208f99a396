//go:build unix

package main

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// oneCommitTally is the result of a cell.
type oneCommitTally struct {
	calls, faults int
	starts        int // of handlers, also of those that were rolled back
	rows          int // in the ledger
	records       int // finished
	doubles       int // payments beyond the first of a call
	lost          int // calls without a payment, though they were answered
	wrong         int
	blocked       time.Duration // longest wait for the final answer after a death
}

func (t *oneCommitTally) add(other oneCommitTally) {
	t.calls += other.calls
	t.faults += other.faults
	t.starts += other.starts
	t.rows += other.rows
	t.records += other.records
	t.doubles += other.doubles
	t.lost += other.lost
	t.wrong += other.wrong
	t.blocked = max(t.blocked, other.blocked)
}

func (t *oneCommitTally) line(name string) string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %.1f s |", name,
		t.calls, t.faults, t.starts, t.rows, t.records, t.doubles, t.lost, t.wrong, t.blocked.Seconds())
}

// check retries every call over every protocol to both processes, now that no fault is
// left, and compares all answers with the ledger and the records.
func (c *oneCommitCell) check() (total oneCommitTally) {
	c.Helper()
	c.retryAll()
	rows := c.ledger()
	total.calls, total.faults = len(c.histories), int(c.faults.Load())
	for _, charges := range c.charges() {
		total.starts += len(charges)
	}
	for _, h := range c.histories {
		made := rows[h.call.request.GetCustomer()]
		total.rows += len(made)
		total.doubles += max(len(made)-1, 0)
		total.blocked = max(total.blocked, h.waited)
		if len(made) == 0 {
			total.lost++
			continue
		}
		c.checkPayment(&total, h, made[0])
	}
	total.records = c.count("state = 2")
	switch {
	case total.rows != total.calls, total.records != total.calls, total.doubles+total.lost+total.wrong > 0,
		c.count("true") != total.calls, len(rows) != total.calls:
		c.Errorf("%d other records; %+v", c.count("state <> 2"), total)
	case total.faults == 0 && c.fault.name != "Nothing" && c.fault.name != "Serializable":
		c.Error("no fault happened")
	}
	return total
}

// checkPayment checks that every answer to a call is about its one payment, and that
// all replays are the same.
func (c *oneCommitCell) checkPayment(total *oneCommitTally, h *history, id string) {
	replay := ""
	for _, a := range append(h.answers, h.later...) {
		switch {
		case a.payment == nil:
		case a.payment.GetId() != id:
			total.wrong++
			c.Errorf("%s: answered payment %s, the ledger has %s", h.key(), a.payment.GetId(), id)
		case replay == "":
			replay = a.content()
		case a.content() != replay:
			total.wrong++
			c.Errorf("%s: answers differ:\n%s\n%s", h.key(), replay, a.content())
		}
	}
}

// ledger returns the payments of each customer.
func (c *oneCommitCell) ledger() map[string][]string {
	c.Helper()
	rows, err := c.admin.Query(c.Context(), "SELECT payment->>'customer', id FROM payments ORDER BY number")
	if err != nil {
		c.Fatal(err)
	}
	found := map[string][]string{}
	var customer, id string
	if _, err := pgx.ForEachRow(rows, []any{&customer, &id}, func() error {
		found[customer] = append(found[customer], id)
		return nil
	}); err != nil {
		c.Fatal(err)
	}
	return found
}

// count returns the number of records with a condition.
func (c *oneCommitCell) count(condition string) (n int) {
	c.Helper()
	if err := c.admin.QueryRow(c.Context(), "SELECT count(*) FROM idempotency_records WHERE "+condition).Scan(&n); err != nil {
		c.Fatal(err)
	}
	return n
}
