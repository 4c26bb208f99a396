package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
)

// config has the values of the flags.
type config struct {
	http, grpc    string // addresses to listen on
	connect       string // version of connect-go: v1 or v2
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
	corsOrigins   []string
}

func parse(arguments []string, output io.Writer) (config, error) {
	c := config{onAbandoned: idempotency.Retry}
	flags := flag.NewFlagSet("payments", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&c.http, "http", "127.0.0.1:8080", "`address` of Connect, gRPC-Web, gRPC (connect-go) and REST")
	flags.StringVar(&c.grpc, "grpc", "127.0.0.1:9090", "`address` of gRPC (grpc-go), which the gateway calls")
	flags.StringVar(&c.connect, "connect", "v1", "`version` of connect-go that serves Connect, gRPC-Web and gRPC: v1 or v2")
	flags.StringVar(&c.store, "store", "memory", storeUsage)
	flags.DurationVar(&c.storeTimeout, "store-timeout", idempotency.DefaultStoreTimeout, "how long a step of the store may take before the call is refused")
	flags.DurationVar(&c.lease, "lease", idempotency.DefaultLease, "how long a key stays blocked after a crash")
	flags.DurationVar(&c.retention, "retention", idempotency.DefaultRetention, "how long an answer is replayed")
	flags.Func("on-abandoned", "what to do with a call whose predecessor never ended, `retry` or reject (default \"retry\")", abandonPolicy(&c.onAbandoned))
	flags.BoolVar(&c.uuid, "uuid", false, "refuse keys that are not UUIDs")
	flags.BoolVar(&c.require, "require", false, "refuse calls without a key")
	flags.DurationVar(&c.wait, "wait", 0, "how long a duplicate waits for the first call; 0 refuses it at once")
	flags.DurationVar(&c.detach, "detach", 5*time.Minute, "how long a call may run after its client has hung up; 0 cancels it at once")
	flags.StringVar(&c.journal, "journal", "", "`file` to which every charge is appended as a line of JSON; processes may share it")
	flags.StringVar(&c.tenantHeader, "tenant-header", "", "`name` of a header that stands in for authentication: payments and keys are per tenant")
	flags.Func("cors-origin", "`origin` whose pages may call this server, such as https://shop.example; may be repeated (default none)", func(origin string) error {
		c.corsOrigins = append(c.corsOrigins, origin)
		return nil
	})
	if err := flags.Parse(arguments); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return c, c.validate()
}

// validate refuses an unknown version, and durations that the engine would replace by
// its defaults.
func (c config) validate() error {
	switch {
	case c.connect != "v1" && c.connect != "v2":
		return errors.New("-connect must be v1 or v2")
	case c.storeTimeout <= 0, c.lease <= 0, c.retention <= 0:
		return errors.New("-store-timeout, -lease and -retention must be positive")
	case c.wait < 0, c.detach < 0:
		return errors.New("-wait and -detach must not be negative")
	default:
		return nil
	}
}

// abandonPolicy returns a function that sets the policy from the text of a flag.
func abandonPolicy(policy *idempotency.AbandonPolicy) func(string) error {
	return func(name string) error {
		switch name {
		case "retry":
			*policy = idempotency.Retry
		case "reject":
			*policy = idempotency.Reject
		default:
			return errors.New("must be retry or reject")
		}
		return nil
	}
}

// engineOptions returns the options of the engine.
func (c config) engineOptions() []idempotency.Option {
	return []idempotency.Option{
		idempotency.WithScope(scope),
		idempotency.WithPolicy("*", c.policy()),
		idempotency.WithKeyRules(idempotency.KeyRules{UUID: c.uuid}),
		idempotency.WithLimits(idempotency.Limits{StoreTimeout: c.storeTimeout}),
		idempotency.WithLogger(slog.Default()),
	}
}

// policy returns the policy of all operations. By default it is detached: a
// charge that has started runs to its end even if its client hangs up, so that
// the retry is a replay and does not charge again.
func (c config) policy() idempotency.Policy {
	policy := idempotency.Policy{
		Lease:       c.lease,
		Retention:   c.retention,
		OnAbandoned: c.onAbandoned,
		Wait:        c.wait,
		Detached:    c.detach,
	}
	if c.inPostgres() {
		policy.Transaction = backend.OneCommit
	}
	if c.require {
		policy.Key = idempotency.KeyRequired
	}
	return policy
}
