package httpmw

import (
	"errors"
	"fmt"
	"strings"
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
	if !isFieldName(c.keyField) {
		problems = append(problems, fmt.Errorf("httpmw: key field %q is not a header name", c.keyField))
	}
	if err := c.retries.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("httpmw: %w", err))
	}
	return errors.Join(problems...)
}

// isFieldName takes fewer characters than a token has (RFC 9110, section 5.6.2), as
// the engine does.
func isFieldName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		return !letter && !digit && !strings.ContainsRune("-_.", c)
	})
}
