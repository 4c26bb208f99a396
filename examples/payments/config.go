package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// config is what the flags set.
type config struct {
	http, grpc    string // addresses to listen on
	store         string
	lease         time.Duration
	retention     time.Duration
	uuid, require bool
	wait          time.Duration
	tenantHeader  string
}

func parse(arguments []string, output io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("payments", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&c.http, "http", "127.0.0.1:8080", "`address` of Connect, gRPC-Web, gRPC (connect-go) and REST")
	flags.StringVar(&c.grpc, "grpc", "127.0.0.1:9090", "`address` of gRPC (grpc-go), which the gateway dials")
	flags.StringVar(&c.store, "store", "memory", "where keys are kept: memory")
	flags.DurationVar(&c.lease, "lease", idempotency.DefaultLease, "how long a key stays blocked after a crash")
	flags.DurationVar(&c.retention, "retention", idempotency.DefaultRetention, "how long an answer is replayed")
	flags.BoolVar(&c.uuid, "uuid", false, "refuse keys that are not UUIDs")
	flags.BoolVar(&c.require, "require", false, "refuse calls without a key")
	flags.DurationVar(&c.wait, "wait", 0, "how long a duplicate waits for the first call; 0 answers 409 at once")
	flags.StringVar(&c.tenantHeader, "tenant-header", "", "`name` of a header that stands in for authentication: payments and keys are per tenant")
	if err := flags.Parse(arguments); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return c, nil
}

// detachedFor bounds a handler whose client has hung up.
const detachedFor = 5 * time.Minute

// engineOptions let a charge that has begun come to its end even if its client
// hangs up, so that the retry finds an answer and need not charge again.
func (c config) engineOptions() []idempotency.Option {
	options := []idempotency.Option{
		idempotency.WithScope(scope),
		idempotency.WithLease(c.lease),
		idempotency.WithRetention(c.retention),
		idempotency.WithWait(c.wait),
		idempotency.WithDetached(detachedFor),
		idempotency.WithLogger(slog.Default()),
	}
	if c.uuid {
		options = append(options, idempotency.WithUUIDKeys())
	}
	if c.require {
		options = append(options, idempotency.WithKeyRequired())
	}
	return options
}

type closingStore interface {
	backend.Store
	io.Closer
}

func (c config) openStore() (closingStore, error) {
	if c.store != "memory" {
		return nil, fmt.Errorf("-store %q: the only store so far is memory", c.store)
	}
	return memstore.New(), nil
}
