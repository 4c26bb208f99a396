package main

import (
	"fmt"
	"io"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// installGRPCurl is how a reader without grpcurl gets it.
const installGRPCurl = "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"

// commands prints calls of the running server to paste into a shell.
type commands struct {
	http, grpc   string // addresses
	tenantHeader string
}

// example is a call and its retry, over the same protocol or another one.
type example struct{ title, call, retry string }

func (c commands) examples() []example {
	keys := [4]string{}
	for i := range keys {
		keys[i] = idempotency.NewKey()
	}
	return []example{
		{"REST", c.rest(keys[0]), c.rest(keys[0])},
		{"Connect JSON", c.connect(keys[1]), c.connect(keys[1])},
		{"gRPC", c.grpcurl(keys[2]), c.grpcurl(keys[2])},
		{"Across protocols: called over Connect, retried over gRPC", c.connect(keys[3]), c.grpcurl(keys[3])},
	}
}

const payload = `{"amount": 1250, "currency": "EUR", "customer": "ada"}`

func (c commands) rest(key string) string { return c.curl("/v1/payments", key) }

func (c commands) connect(key string) string {
	return c.curl(paymentsv1connect.PaymentServiceCreatePaymentProcedure, key)
}

func (c commands) curl(path, key string) string {
	return fmt.Sprintf("curl -i http://%s%s -H 'Content-Type: application/json'%s -d '%s'", c.http, path, c.headers(key), payload)
}

func (c commands) grpcurl(key string) string {
	return fmt.Sprintf("grpcurl -plaintext -v%s -d '%s' %s %s", c.headers(key), payload, c.grpc,
		paymentsv1connect.PaymentServiceCreatePaymentProcedure[1:])
}

func (c commands) headers(key string) string {
	headers := fmt.Sprintf(" -H '%s: %s'", idempotency.DefaultKeyField, key)
	if c.tenantHeader != "" {
		headers += fmt.Sprintf(" -H '%s: acme'", c.tenantHeader)
	}
	return headers
}

// print writes the addresses of the server and the examples.
func (c commands) print(w io.Writer) {
	fmt.Fprintf(w, "Connect, gRPC-Web, gRPC (connect-go) and REST on http://%s\n", c.http)
	fmt.Fprintf(w, "gRPC (grpc-go) on %s\n", c.grpc)
	fmt.Fprintf(w, "Checkout page for a browser: http://%s/\n\n", c.http)
	fmt.Fprintln(w, "Four calls to paste, each with its retry. The retry returns the same payment id")
	fmt.Fprintln(w, "and the field Idempotent-Replayed: true. They use curl and grpcurl, which this installs:")
	fmt.Fprintln(w, installGRPCurl)
	for i, example := range c.examples() {
		fmt.Fprintf(w, "\n# %d. %s\n%s\n# retry\n%s\n", i+1, example.title, example.call, example.retry)
	}
}
