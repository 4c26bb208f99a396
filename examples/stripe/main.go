// Command stripe serves a small part of an API like Stripe's: it accepts forms and
// returns JSON; the caller authenticates with a secret key, and may act for the
// account in Stripe-Account. It shows how to write refusals in a form that an
// existing client library understands: stripe-go and stripe-node retry against
// it, and every charge is made once.
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

// newHandler returns the API. From outside to inside: request ids, authentication,
// the guard, the charges.
func newHandler(store *memstore.Store) (http.Handler, error) {
	engine, err := idempotency.New(store,
		idempotency.WithScope(idempotency.ScopeFromContext), // set by authenticate
		idempotency.WithPolicy("*", idempotency.Policy{Wait: 10 * time.Second}),
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
