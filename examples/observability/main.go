// Command observability guards a net/http handler and exports metrics of its calls
// for Prometheus. The engine reports events to an OpenTelemetry observer, and an
// exporter serves its metrics at /metrics. README.md shows the dashboard.
//
//	go run ./examples/observability
//	curl -i -H 'Idempotency-Key: order-1' -d '{"item": "a book"}' http://127.0.0.1:8080/orders
//	curl http://127.0.0.1:8080/metrics
package main

import (
	"flag"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", listener.Addr())
	handler, err := newHandler(memstore.New(),
		idempotency.WithLogger(slog.Default()),
		idempotency.WithPolicy("*", idempotency.Policy{Wait: 200 * time.Millisecond}))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, handler))
}
