package httpmw

import (
	"errors"
	"fmt"

	"github.com/oncewire/idempotency/internal/fieldnames"
)

// configure applies the options, and returns everything that is wrong with them.
func (c *clientConfig) configure(options []ClientOption) error {
	var problems []error
	for i, option := range options {
		if option == nil {
			problems = append(problems, fmt.Errorf("httpmw: client option %d is nil", i+1))
			continue
		}
		option(c)
	}
	if !fieldnames.Valid(c.keyField) {
		problems = append(problems, fmt.Errorf("httpmw: key field %q is not a header name", c.keyField))
	}
	if err := c.retries.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("httpmw: %w", err))
	}
	return errors.Join(problems...)
}
