package idemvanguard

import (
	"cmp"
	"net/http"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// Option configures [Handler]. A nil option has no effect.
type Option func(*config)

type config struct {
	keyField      string // canonical
	replayedField string // canonical
	refusalWriter httpmw.RefusalWriter
}

func newConfig(options []Option) *config {
	c := new(config)
	for _, option := range options {
		if option != nil {
			option(c)
		}
	}
	c.keyField = http.CanonicalHeaderKey(cmp.Or(c.keyField, idempotency.DefaultKeyField))
	c.replayedField = http.CanonicalHeaderKey(cmp.Or(c.replayedField, idempotency.DefaultReplayedField))
	return c
}

// WithKeyField sets the name of the header field that carries the key. It must be the
// name that the engine of the service uses ([idempotency.Operation.KeyField]). The
// default, and the meaning of the empty string, is Idempotency-Key. Case does not
// matter.
func WithKeyField(name string) Option {
	return func(c *config) { c.keyField = name }
}

// WithReplayedField sets the name of the field that marks a replay. It must be the name
// that the engine of the service uses ([idempotency.Operation.ReplayedField]). The
// default, and the meaning of the empty string, is Idempotent-Replayed. Case does not
// matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithRefusalWriter sets the writer of the service's refusals. Give the same writer to a
// guard at the edge ([httpmw.WithRefusalWriter]). The default, and the meaning of nil,
// is [httpmw.WriteRefusal].
func WithRefusalWriter(write httpmw.RefusalWriter) Option {
	return func(c *config) { c.refusalWriter = write }
}

// WithTypeBase is [WithRefusalWriter] with the [httpmw.ProblemWriter] of the base.
func WithTypeBase(base string) Option { return WithRefusalWriter(httpmw.ProblemWriter(base)) }
