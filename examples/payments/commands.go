package main

import (
	"fmt"
	"io"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// grpcurl runs with nothing installed but Go.
const grpcurl = "go run github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"

// commands writes calls to paste into a shell against a running server.
type commands struct {
	http, grpc   string // addresses
	tenantHeader string
}

// trial is a call and the retry of it, through the same door or another one.
type trial struct{ title, call, retry string }

func (c commands) trials() []trial {
	keys := [4]string{}
	for i := range keys {
		keys[i] = idempotency.NewKey()
	}
	return []trial{
		{"REST", c.rest(keys[0]), c.rest(keys[0])},
		{"Connect JSON", c.connect(keys[1]), c.connect(keys[1])},
		{"gRPC", c.grpcurl(keys[2]), c.grpcurl(keys[2])},
		{"Across doors: called over Connect, retried over gRPC", c.connect(keys[3]), c.grpcurl(keys[3])},
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
	return fmt.Sprintf("%s -plaintext -v%s -d '%s' %s %s", grpcurl, c.headers(key), payload, c.grpc,
		paymentsv1connect.PaymentServiceCreatePaymentProcedure[1:])
}

func (c commands) headers(key string) string {
	headers := fmt.Sprintf(" -H '%s: %s'", idempotency.DefaultKeyField, key)
	if c.tenantHeader != "" {
		headers += fmt.Sprintf(" -H '%s: acme'", c.tenantHeader)
	}
	return headers
}

// print says where the server listens and what to try.
func (c commands) print(w io.Writer) {
	fmt.Fprintf(w, "Connect, gRPC-Web, gRPC (connect-go) and REST on http://%s\n", c.http)
	fmt.Fprintf(w, "gRPC (grpc-go) on %s\n\n", c.grpc)
	fmt.Fprintln(w, "Four calls to paste, each with its retry. The retry answers with the same payment")
	fmt.Fprintln(w, "id and is marked Idempotent-Replayed: true.")
	for i, trial := range c.trials() {
		fmt.Fprintf(w, "\n# %d. %s\n%s\n# retry\n%s\n", i+1, trial.title, trial.call, trial.retry)
	}
}
