// Connectserver is the server that connectrpc.com/conformance tests: its
// service on connect-go, behind idemconnect. The suite starts one for each
// HTTP version, protocol and kind of TLS.
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

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1/conformancev1connect"
	"github.com/oncewire/idempotency/tools/conformance/suite"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// lifetime ends a server that a killed suite has left behind.
const lifetime = 5 * time.Minute

func main() {
	mode := tally.Plain
	flag.Var(&mode, "mode", "which keys calls have: plain, keyed or replay")
	simple := flag.Bool("simple", false, "unary handlers without request and response wrappers")
	tallies := flag.String("tallies", "", "folder for a file with the counts at the end")
	flag.Parse()
	if err := run(mode, *simple, *tallies); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(mode tally.Mode, simple bool, tallies string) error {
	ctx, cancel := context.WithTimeout(context.Background(), lifetime)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()
	counted := new(tally.Tally)
	engine, err := idempotency.New(memstore.New(), idempotency.WithObserver(counted))
	if err != nil {
		return err
	}
	guard, err := newGuard(engine, mode)
	if err != nil {
		return err
	}
	err = suite.Serve(ctx, os.Stdin, os.Stdout, func(asked *conformancev1.ServerCompatRequest) http.Handler {
		return handler(simple, compressions(),
			connect.WithReadMaxBytes(int(asked.GetMessageReceiveLimit())),
			connect.WithInterceptors(keys(mode, counted), guard))
	})
	return errors.Join(err, engine.Close(context.Background()), counted.Report(tallies))
}

// newGuard makes our interceptor. For replays it records every answer, whatever
// its code, since one that is released or abandoned has its handler run again.
func newGuard(engine *idempotency.Engine, mode tally.Mode) (connect.Interceptor, error) {
	if mode != tally.Replay {
		return idemconnect.NewInterceptor(engine)
	}
	return idemconnect.NewInterceptor(engine, idemconnect.WithClassifier(func(*connect.Error) idempotency.Verdict {
		return idempotency.Record
	}))
}

func handler(simple bool, options ...connect.HandlerOption) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(conformancev1connect.NewConformanceServiceHandler(service{}, options...))
	if simple {
		mux.Handle(conformancev1connect.ConformanceServiceUnaryProcedure, connect.NewUnaryHandlerSimple(
			conformancev1connect.ConformanceServiceUnaryProcedure, simpleUnary, options...))
	}
	return mux
}
