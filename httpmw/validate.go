package httpmw

import (
	"errors"
	"fmt"
)

// configure applies the options, and returns everything that is wrong with
// them and the engine.
func (m *Middleware) configure(options []Option) error {
	var problems []error
	check := func(fine bool, format string, arguments ...any) {
		if !fine {
			problems = append(problems, fmt.Errorf("httpmw: "+format, arguments...))
		}
	}
	check(m.engine != nil, "no engine")
	for i, option := range options {
		if option == nil {
			check(false, "option %d is nil", i+1)
			continue
		}
		option(&m.config)
	}
	m.validate(check)
	return errors.Join(problems...)
}

func (c *config) validate(check func(fine bool, format string, arguments ...any)) {
	check(c.maxRequest >= 0, "a limit of %d bytes for request bodies is negative", c.maxRequest)
	check(c.maxResponse >= 0, "a limit of %d bytes for response bodies is negative", c.maxResponse)
}
