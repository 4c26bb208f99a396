package idempotency

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

func (c *config) validate() error {
	var problems []error
	var check check = func(fine bool, format string, arguments ...any) {
		if !fine {
			problems = append(problems, fmt.Errorf("idempotency: "+format, arguments...))
		}
	}
	check(fieldName(c.keyField), "key field %q is not a header name", c.keyField)
	check(fieldName(c.replayedField), "replayed field %q is not a header name", c.replayedField)
	check(!strings.EqualFold(c.keyField, c.replayedField), "key field and replayed field are both %q", c.keyField)
	check(!slices.Contains(c.observers, nil), "an observer is nil")
	check(c.keys.maxLength > 0, "maximum key length %d is not positive", c.keys.maxLength)
	check(!c.keys.uuid || c.keys.maxLength >= 36, "a maximum key length of %d leaves no room for a UUID", c.keys.maxLength)
	c.policies.validate(check)
	check.duration("retry-after", c.retryAfter, minDuration)
	check.duration("store timeout", c.storeTimeout, minDuration)
	check.optional("detached time", c.detachedFor)
	check(c.backlogSize >= 0, "backlog size %d is negative", c.backlogSize)
	check.optional("backlog window", c.backlogWindow)
	check(c.waitersPerKey > 0 && c.waitersTotal > 0, "at most %d waiters of a key and %d in all: neither may be less than 1", c.waitersPerKey, c.waitersTotal)
	return errors.Join(problems...)
}

// fieldName accepts what is a header name and a gRPC metadata key alike.
func fieldName(name string) bool {
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return name != ""
}
