package idemopenapi

import (
	"cmp"
	"net/http"

	"github.com/oncewire/idempotency"
)

// Option configures [Annotate]. A nil option has no effect.
type Option func(*config)

type config struct {
	keyField, replayedField string
	defaultMode             idempotency.KeyMode
}

func newConfig(options []Option) config {
	var c config
	for _, option := range options {
		if option != nil {
			option(&c)
		}
	}
	c.keyField = http.CanonicalHeaderKey(cmp.Or(c.keyField, idempotency.DefaultKeyField))
	c.replayedField = http.CanonicalHeaderKey(cmp.Or(c.replayedField, idempotency.DefaultReplayedField))
	c.defaultMode = cmp.Or(c.defaultMode, idempotency.KeyOptional)
	return c
}

// WithKeyField sets the name of the header field that carries the key. The default, and the meaning
// of the empty string, is Idempotency-Key. Case does not matter.
func WithKeyField(name string) Option {
	return func(c *config) { c.keyField = name }
}

// WithReplayedField sets the name of the header field that marks a replay. The default, and the
// meaning of the empty string, is Idempotent-Replayed. Case does not matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithDefaultKeyMode sets the key mode of the methods whose schema sets none, for operations other
// than GET and HEAD. [idempotency.KeyRequired] suits a server whose policy for "*" requires a key,
// and [idempotency.KeyIgnored] documents keys only where the schema mentions them. The default, and
// the meaning of [idempotency.KeyDefault], is [idempotency.KeyOptional].
func WithDefaultKeyMode(mode idempotency.KeyMode) Option {
	return func(c *config) { c.defaultMode = mode }
}
