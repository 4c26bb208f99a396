package rpc

import (
	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// DefaultMaxResponse is the number of bytes that an answer may have to be
// kept, unless an option says otherwise.
const DefaultMaxResponse = 1 << 20

// Config is what the options of both interceptors set.
type Config struct {
	Classify    func(*spb.Status) idempotency.Verdict
	MaxResponse int
	Typed       bool
	Unstored    []string
	SetCookie   bool
}

// NewConfig returns the defaults.
func NewConfig() Config {
	return Config{
		Classify:    func(status *spb.Status) idempotency.Verdict { return Verdict(code.Code(status.GetCode())) },
		MaxResponse: DefaultMaxResponse,
		Unstored:    outcome.RequestBound,
	}
}
