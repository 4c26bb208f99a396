package httpmw

import (
	"errors"
	"fmt"

	"github.com/oncewire/idempotency"
)

// newConfig applies the options. The error names everything that is wrong with
// them and with the engine.
func newConfig(engine *idempotency.Engine, options []Option) (config, error) {
	var problems []error
	check := func(ok bool, format string, arguments ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf("httpmw: "+format, arguments...))
		}
	}
	check(engine != nil, "no engine")
	c := defaultConfig()
	for i, option := range options {
		if option == nil {
			check(false, "option %d is nil", i+1)
			continue
		}
		option(&c)
	}
	check(c.maxRequest >= 0, "the limit of %d bytes for request bodies is negative", c.maxRequest)
	check(c.maxResponse >= 0, "the limit of %d bytes for response bodies is negative", c.maxResponse)
	return c, errors.Join(problems...)
}
