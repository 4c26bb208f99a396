// Command payments is a payment server that uses every adapter of this module:
// REST through grpc-gateway, Connect, gRPC-Web and gRPC through connect-go, and
// gRPC through grpc-go. All of them share one engine and one ledger. So a payment
// that is retried does not charge twice, whichever protocol the retry uses.
//
//	go run ./examples/payments
//
// It serves a checkout page, whose address it prints: pay, click twice, lose a
// reply and retry in a browser. It also prints calls to paste. The field simulate of a request makes the call wait,
// wait until the payment is updated, fail, or panic after the charge, to show what
// a retry gets.
//
// With -connect v2 it uses version 2 of connect-go.
//
// With -store redis://… several processes share their keys: a retry may reach
// another process. Each process has its own ledger, which shows what it charged;
// -journal names a file with the charges of all processes.
//
// With -store postgres://… processes share the ledger too: each payment is committed
// in one transaction with the answer that a retry gets. A process that dies leaves
// neither of them, or both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "payments:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	c, err := parse(arguments, stderr)
	if err != nil {
		return err
	}
	store, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	s, err := newServer(c, store)
	if err != nil {
		return err
	}
	commands{
		http:         s.httpListener.Addr().String(),
		grpc:         s.grpcListener.Addr().String(),
		tenantHeader: c.tenantHeader,
	}.print(stdout)
	return s.serve(ctx)
}
