package rpc

import (
	"cmp"
	"errors"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// DefaultMaxResponse is the default of Config.MaxResponse, in bytes.
const DefaultMaxResponse = 1 << 20

// Config is what the options of both interceptors set. A zero field stands for
// its default, except for UnrecordedFields.
type Config struct {
	Classifier       func(*spb.Status) idempotency.Verdict
	MaxResponse      int64 // bytes
	RawReplays       bool
	UnrecordedFields []string
	SetCookie        bool
}

// configure applies the options. The error joins everything that is invalid, each
// with the name of the interceptor's package.
func configure[Option ~func(*Config)](name string, engine *idempotency.Engine, options []Option) (Config, error) {
	var problems []error
	problem := func(format string, arguments ...any) {
		problems = append(problems, fmt.Errorf(name+": "+format, arguments...))
	}
	if engine == nil {
		problem("no engine")
	}
	config := Config{UnrecordedFields: outcome.RequestBound}
	for i, option := range options {
		if option == nil {
			problem("option %d is nil", i+1)
			continue
		}
		option(&config)
	}
	if config.MaxResponse < 0 {
		problem("a maximum response of %d bytes is negative", config.MaxResponse)
	}
	config.MaxResponse = cmp.Or(config.MaxResponse, DefaultMaxResponse)
	if config.Classifier == nil {
		config.Classifier = func(status *spb.Status) idempotency.Verdict { return DefaultVerdict(code.Code(status.GetCode())) }
	}
	return config, errors.Join(problems...)
}
