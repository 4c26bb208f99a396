package idempotency

import (
	"errors"
	"slices"
	"strings"

	"github.com/oncewire/idempotency/internal/fieldnames"
)

func (c *config) validate() error {
	var problems []error
	check := collect(&problems)
	c.keys.validate(check)
	check(fieldnames.Valid(c.replayedField), "replayed field %q is not a header name", c.replayedField)
	check(!strings.EqualFold(c.keys.Field, c.replayedField), "key field and replayed field are both %q", c.keys.Field)
	check(!slices.Contains(c.observers, nil), "an observer is nil")
	c.policies.validate(check)
	c.limits.validate(check)
	return errors.Join(problems...)
}

// Validate returns an error that names every invalid field. A zero field is valid.
func (p *Policy) Validate() error {
	var problems []error
	base := defaults().policies.base
	complete := p.over(&base)
	complete.validate("", collect(&problems))
	return errors.Join(problems...)
}
