package rpc

import "github.com/oncewire/idempotency"

// ClientMethods knows which methods a client sends keys to. The zero value is
// ready, and safe for concurrent use.
type ClientMethods struct {
	takesKey methodCache[bool]
}

// TakesKey reports whether calls of a method get a key: all do whose schema does
// not say that keys are ignored. The schema is the method's descriptor if the
// caller has it, and anything else if not.
func (c *ClientMethods) TakesKey(procedure string, schema any) bool {
	takes, ok := c.takesKey.load(procedure)
	if !ok {
		policy, _ := schemaPolicy(procedure, methodDescriptor(procedure, schema))
		takes = policy.Key != idempotency.KeyIgnored
		c.takesKey.store(procedure, takes)
	}
	return takes
}
