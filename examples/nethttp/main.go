// Command nethttp guards a net/http handler with one engine and one middleware.
// The handler does not use keys. Without a key it runs every time. With a key it
// runs once, and a retry gets the first answer, byte for byte.
//
//	go run ./examples/nethttp
//	curl -i -H 'Idempotency-Key: order-1' -d '{"item": "a book"}' http://127.0.0.1:8080/orders
package main

import (
	"crypto/rand"
	"encoding/json"
	"flag"
	"log"
	"net"
	"net/http"

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
	log.Printf("listening on %s", listener.Addr())
	log.Fatal(serve(listener))
}

func serve(listener net.Listener) error {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		return err
	}
	guard, err := httpmw.New(engine, httpmw.WithCanonicalJSON())
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", placeOrder)
	return http.Serve(listener, guard.Wrap(mux))
}

type order struct {
	ID   string `json:"id"`
	Item string `json:"item"`
}

// placeOrder creates a new order every time it runs.
func placeOrder(w http.ResponseWriter, r *http.Request) {
	var placed order
	if err := json.NewDecoder(r.Body).Decode(&placed); err != nil {
		http.Error(w, "the body must be a JSON object", http.StatusBadRequest)
		return
	}
	placed.ID = rand.Text()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Location", "/orders/"+placed.ID)
	w.WriteHeader(http.StatusCreated)
	if err := json.NewEncoder(w).Encode(placed); err != nil {
		log.Printf("order %s: %v", placed.ID, err)
	}
}
