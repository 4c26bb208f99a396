package main

import (
	"testing"

	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// call is a create with the metadata that is sent with it.
type call struct {
	keys    []string
	tenant  string
	request *paymentsv1.CreatePaymentRequest
}

// charge returns a call that succeeds.
func charge(key string) call {
	return call{keys: []string{key}, request: &paymentsv1.CreatePaymentRequest{
		Amount: 1250, Currency: "EUR", Customer: "ada", Description: "a book",
	}}
}

// simulated returns the same call with a simulated failure.
func (c call) simulated(how *paymentsv1.Simulate) call {
	c.request = proto.CloneOf(c.request)
	c.request.Simulate = how
	return c
}

// keyless returns the same call without a key.
func (c call) keyless() call {
	c.keys = nil
	return c
}

// of returns the same call for another customer; see wantEntriesOf.
func (c call) of(customer string) call {
	c.request = proto.CloneOf(c.request)
	c.request.Customer = customer
	return c
}

// by returns the same call of a tenant.
func (c call) by(tenant string) call {
	c.tenant = tenant
	return c
}

// held returns a call whose handler runs until resumeHeld, so that other calls find
// it running.
func held(key string) call {
	return charge(key).simulated(&paymentsv1.Simulate{Hold: true})
}

// inBackground makes the call and returns the channel of its answer.
func inBackground(tb testing.TB, c client, call call) <-chan answer {
	tb.Helper()
	answers := make(chan answer, 1)
	go func() { answers <- c.create(tb.Context(), call) }()
	return answers
}
