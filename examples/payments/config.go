package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/oncewire/idempotency"
)

// config is what the flags set.
type config struct {
	http, grpc    string // addresses to listen on
	store         string
	storeTimeout  time.Duration
	lease         time.Duration
	retention     time.Duration
	onAbandoned   idempotency.AbandonPolicy
	uuid, require bool
	wait          time.Duration
	detach        time.Duration
	tenantHeader  string
	journal       string
}

func parse(arguments []string, output io.Writer) (config, error) {
	c := config{onAbandoned: idempotency.Retry}
	flags := flag.NewFlagSet("payments", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&c.http, "http", "127.0.0.1:8080", "`address` of Connect, gRPC-Web, gRPC (connect-go) and REST")
	flags.StringVar(&c.grpc, "grpc", "127.0.0.1:9090", "`address` of gRPC (grpc-go), which the gateway dials")
	flags.StringVar(&c.store, "store", "memory", storeUsage)
	flags.DurationVar(&c.storeTimeout, "store-timeout", idempotency.DefaultStoreTimeout, "how long the store may take for a step before a call is refused")
	flags.DurationVar(&c.lease, "lease", idempotency.DefaultLease, "how long a key stays blocked after a crash")
	flags.DurationVar(&c.retention, "retention", idempotency.DefaultRetention, "how long an answer is replayed")
	flags.Func("on-abandoned", "what follows a call that never ended, `retry` or reject (default \"retry\")", abandonPolicy(&c.onAbandoned))
	flags.BoolVar(&c.uuid, "uuid", false, "refuse keys that are not UUIDs")
	flags.BoolVar(&c.require, "require", false, "refuse calls without a key")
	flags.DurationVar(&c.wait, "wait", 0, "how long a duplicate waits for the first call; 0 answers 409 at once")
	flags.DurationVar(&c.detach, "detach", 5*time.Minute, "how long a call may go on whose client has hung up; 0 cancels it at once")
	flags.StringVar(&c.journal, "journal", "", "`file` that every charge is appended to as a line of JSON; processes may share it")
	flags.StringVar(&c.tenantHeader, "tenant-header", "", "`name` of a header that stands in for authentication: payments and keys are per tenant")
	if err := flags.Parse(arguments); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return c, nil
}

// abandonPolicy returns what reads a policy from a flag.
func abandonPolicy(policy *idempotency.AbandonPolicy) func(string) error {
	return func(name string) error {
		switch name {
		case "retry":
			*policy = idempotency.Retry
		case "reject":
			*policy = idempotency.Reject
		default:
			return errors.New("neither retry nor reject")
		}
		return nil
	}
}

// engineOptions let a charge that has begun come to its end even if its client
// hangs up, unless a flag says otherwise, so that the retry finds an answer and
// need not charge again.
func (c config) engineOptions() []idempotency.Option {
	options := []idempotency.Option{
		idempotency.WithScope(scope),
		idempotency.WithStoreTimeout(c.storeTimeout),
		idempotency.WithLease(c.lease),
		idempotency.WithRetention(c.retention),
		idempotency.WithOnAbandoned(c.onAbandoned),
		idempotency.WithWait(c.wait),
		idempotency.WithLogger(slog.Default()),
	}
	if c.detach != 0 {
		options = append(options, idempotency.WithDetached(c.detach))
	}
	if c.uuid {
		options = append(options, idempotency.WithUUIDKeys())
	}
	if c.require {
		options = append(options, idempotency.WithKeyRequired())
	}
	return options
}
