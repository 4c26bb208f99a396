// Command quickstart loses the answer to a payment and pays once all the same.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

func main() {
	// The server: a handler that pays each time it runs, behind the guard.
	var ran, answered atomic.Int32
	guard := must(httpmw.New(must(idempotency.New(memstore.New()))))
	pay := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "payment %d", ran.Add(1))
	}))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pay.ServeHTTP(w, r)
		if answered.Add(1) == 1 {
			panic(http.ErrAbortHandler) // the payment is made, and the connection breaks
		}
	}))

	// The client: its transport sends a request again when the answer is lost.
	client := &http.Client{Transport: must(httpmw.NewTransport(nil))}
	// One key for one payment, so that the program may repeat it as well.
	ctx := idempotency.WithKey(context.Background(), idempotency.NewKey())
	for range 3 {
		body := strings.NewReader(`{"amount": 1250}`)
		request := must(http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String(), body))
		response, err := client.Do(request)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s, replayed: %t\n", must(io.ReadAll(response.Body)), httpmw.Replayed(response))
		response.Body.Close()
	}
	fmt.Printf("ran %d time, answered %d times\n", ran.Load(), answered.Load())
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
