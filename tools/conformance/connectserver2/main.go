// Connectserver2 is connectserver on version 2 of connect-go, behind idemconnect2.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1/conformancev1connect2"
	"github.com/oncewire/idempotency/tools/conformance/suite"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// lifetime ends a server that a killed suite has left behind.
const lifetime = 5 * time.Minute

func main() {
	mode := tally.Plain
	flag.Var(&mode, "mode", "which keys calls have: plain, keyed or replay")
	raw := flag.Bool("raw", false, "replay the recorded bytes of messages")
	tallies := flag.String("tallies", "", "folder for a file with the counts at the end")
	flag.Parse()
	if err := run(mode, *raw, *tallies); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(mode tally.Mode, raw bool, tallies string) error {
	ctx, cancel := context.WithTimeout(context.Background(), lifetime)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	counted := new(tally.Tally)
	engine, err := idempotency.New(memstore.New(), idempotency.WithObserver(counted))
	if err != nil {
		return err
	}
	guard, err := newGuard(engine, mode, raw)
	if err != nil {
		return err
	}
	server := connect.NewServer(keys(mode, counted), guard)
	conformancev1connect2.RegisterConformanceServiceHandler(server, service{})
	err = suite.Serve(ctx, os.Stdin, os.Stdout, func(asked *conformancev1.ServerCompatRequest) http.Handler {
		mux := http.NewServeMux()
		connecthttp.Mount(mux, server, compressions(), connecthttp.WithReadMaxBytes(int(asked.GetMessageReceiveLimit())))
		return mux
	})
	return errors.Join(err, engine.Close(context.Background()), counted.Report(tallies))
}

// newGuard makes our interceptor. For replays it records every answer, whatever
// its code, since one that is released or abandoned has its handler run again.
func newGuard(engine *idempotency.Engine, mode tally.Mode, raw bool) (connect.ServerInterceptor, error) {
	var options []idemconnect2.Option
	if mode == tally.Replay {
		options = append(options, idemconnect2.WithClassifier(func(*connect.Error) idempotency.Verdict { return idempotency.Record }))
	}
	if raw {
		options = append(options, idemconnect2.WithRawReplays())
	}
	return idemconnect2.NewServerInterceptor(engine, options...)
}
