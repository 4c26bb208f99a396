// Interopclient calls one case of google.golang.org/grpc/interop, which ends
// the process when it fails.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oncewire/idempotency/tools/conformance/tally"
)

func main() {
	mode := tally.Plain
	flag.Var(&mode, "mode", "which keys calls have: plain, keyed or replay")
	address := flag.String("address", "", "the server's")
	name := flag.String("case", "", "the case to call, or none to list them")
	flag.Parse()
	if *name == "" {
		list()
		return
	}
	if err := call(mode, *address, *name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// call bounds a case by half a minute.
func call(mode tally.Mode, address, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	interceptors, err := keys(mode)
	if err != nil {
		return err
	}
	dial := func() (*grpc.ClientConn, error) {
		return grpc.NewClient(address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDisableServiceConfig(),
			grpc.WithDefaultServiceConfig(cases[name].config),
			grpc.WithChainUnaryInterceptor(interceptors...))
	}
	conn, err := dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	cases[name].call(ctx, target{conn: conn, address: address, dial: dial})
	return nil
}
