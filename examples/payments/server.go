package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// server serves every protocol over one engine and one ledger.
type server struct {
	engine *idempotency.Engine
	health healths

	grpc         *grpc.Server
	grpcListener net.Listener
	gateway      *grpc.ClientConn // from REST to the gRPC server
	http         *http.Server
	httpListener net.Listener
	journal      *journal
}

// newServer listens on both addresses and does not serve yet. The options are
// those of the engine, in addition to those of the flags.
func newServer(c config, store backend.Store, options ...idempotency.Option) (*server, error) {
	engine, err := idempotency.New(store, append(c.engineOptions(), options...)...)
	if err != nil {
		return nil, err
	}
	s := &server{engine: engine, health: newHealths()}
	if err := s.listen(c, ledgerOf(store)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) listen(c config, payments ledger) (err error) {
	if s.journal, err = openJournal(c.journal); err != nil {
		return err
	}
	if s.httpListener, err = net.Listen("tcp", c.http); err != nil {
		return err
	}
	if s.grpcListener, err = net.Listen("tcp", c.grpc); err != nil {
		return err
	}
	if s.gateway, err = dial(s.grpcListener.Addr().String()); err != nil {
		return err
	}
	return s.build(c, &service{ledger: payments, journal: s.journal})
}

// build makes the handlers of all protocols over one service.
func (s *server) build(c config, payments *service) error {
	tenants := tenancy{header: c.tenantHeader}
	rest, err := newREST(tenants, s.gateway)
	if err == nil && !c.inPostgres() {
		rest, err = guardREST(s.engine, rest)
	}
	if err != nil {
		return err
	}
	connect, err := c.newConnect(s.engine, tenants, payments)
	if err != nil {
		return err
	}
	mux := routes{connect: connect, rest: tenants.handler(rest), health: s.health.connect, page: newPage(tenants)}.mux()
	s.http = newHTTP(c.withCORS(s.engine, mux))
	if s.grpc, err = newGRPC(s.engine, tenants, payments, s.health.grpc); err != nil {
		return err
	}
	operations, err := idemgrpc.Operations(s.grpc)
	return errors.Join(err, s.engine.Check(operations, 0))
}

// serve returns when the context has ended and all running calls have finished.
func (s *server) serve(ctx context.Context) error {
	failed := make(chan error, 2)
	go func() { failed <- s.grpc.Serve(s.grpcListener) }()
	go func() { failed <- s.http.Serve(s.httpListener) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	return errors.Join(err, s.shutdown())
}

// shutdownTimeout bounds the time that running calls have to finish.
const shutdownTimeout = 30 * time.Second

// shutdown stops the servers from outside to inside: REST needs the gRPC server,
// and every adapter needs the engine.
func (s *server) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	s.health.stop()
	err := s.http.Shutdown(ctx)
	s.gateway.Close() // the gRPC server waits until its clients have hung up
	err = errors.Join(err, s.stopGRPC(ctx), s.engine.Close(ctx))
	s.close()
	return err
}

// stopGRPC waits for running calls until the context ends. A handler that ignores
// its own context would otherwise block it.
func (s *server) stopGRPC(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.grpc.GracefulStop()
	}()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		s.grpc.Stop()
		return ctx.Err()
	}
}

// close closes what shutdown leaves, or what a failed start has opened.
func (s *server) close() {
	if s.http != nil {
		s.http.Close()
	}
	if s.gateway != nil {
		s.gateway.Close()
	}
	for _, listener := range []net.Listener{s.httpListener, s.grpcListener} {
		if listener != nil {
			listener.Close()
		}
	}
	s.journal.close()
}
