// Command stripe serves a small part of an API in the shape of Stripe's: forms
// in, JSON out, a secret key that says who calls, Stripe-Account for whom. It
// shows how refusals get the shape that an existing client library understands:
// stripe-go and stripe-node retry against it, and every charge is made once.
//
//	go run ./examples/stripe
//	curl -i -u sk_test_me: -H 'Idempotency-Key: order-1' \
//		-d amount=1250 -d currency=eur http://127.0.0.1:8080/v1/charges
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(memstore.New())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}

// newHandler returns the API. From the outside in: what marks every answer, who
// calls, the guard, the charges.
func newHandler(store *memstore.Store) (http.Handler, error) {
	engine, err := idempotency.New(store,
		idempotency.WithScope(idempotency.ScopeFromContext), // left by authenticate
		idempotency.WithWait(10*time.Second),                // a retry waits for the call that it repeats
	)
	if err != nil {
		return nil, err
	}
	guard, err := httpmw.New(engine,
		httpmw.WithMethods(http.MethodPost), // Stripe ignores keys of other methods
		httpmw.WithFingerprintHeaders("Stripe-Account", "Stripe-Version"),
		httpmw.WithRefusalWriter(writeRefusal),
		httpmw.WithKeyEcho(),
	)
	if err != nil {
		return nil, err
	}
	return requestID(authenticate(guard.Wrap(newCharges()))), nil
}
