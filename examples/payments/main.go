// Command payments is a payment server with every front door that this module
// guards: REST through grpc-gateway, Connect, gRPC-Web and gRPC through
// connect-go, and gRPC through grpc-go. All of them share one engine and one
// ledger, so a payment that is retried does not charge twice, through whatever
// door the retry comes.
//
//	go run ./examples/payments
//
// With -store redis://… any number of processes act as one: a retry may come to
// another of them. The ledger stays in each process, and shows which one ran;
// -journal names a file that shows the charges of all of them.
//
// It prints calls to paste. Field simulate of a request makes the call wait,
// stay open until the payment is updated, fail or panic after the charge, to see
// what a retry makes of it.
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
	context.AfterFunc(ctx, stop) // so that a second signal ends the process at once
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
