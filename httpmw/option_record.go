package httpmw

import (
	"slices"

	"github.com/oncewire/idempotency/internal/outcome"
)

// WithClassifier sets the classifier of answers. It may use [DefaultClassifier],
// which is the default and the meaning of nil. Verdicts in an [idempotency.Policy]
// override it.
func WithClassifier(classify Classifier) Option {
	if classify == nil {
		classify = DefaultClassifier
	}
	return func(c *config) { c.classify = classify }
}

// DefaultUnrecordedFields returns a copy of the default list of
// [WithUnrecordedFields]: request ids, trace contexts, timings, rate limits, and
// fields for one caller's client (X-Csrf-Token, Clear-Site-Data).
func DefaultUnrecordedFields() []string { return slices.Clone(outcome.RequestBound) }

// WithUnrecordedFields replaces the list of header and trailer fields that belong
// to one request and are not stored. Case does not matter. The default is
// [DefaultUnrecordedFields]. Without names only the fields that are never stored
// are left out; see the package documentation.
func WithUnrecordedFields(names ...string) Option {
	return func(c *config) { c.unrecorded = names }
}

// WithSetCookie also stores the Set-Cookie and Set-Cookie2 fields of an answer, so
// that every replay sets the cookies of the first caller. The default is not to
// store them: a cookie may be a credential.
func WithSetCookie() Option {
	return func(c *config) { c.setCookie = true }
}
