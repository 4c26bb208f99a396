package rpc

import (
	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/retry"
	"github.com/oncewire/idempotency/internal/schema"
)

// Client is the part of a client interceptor that does not depend on its framework.
// It is safe for concurrent use.
type Client struct {
	// KeyField is the name of the metadata field for the key, as configured.
	KeyField string
	// Retries sends calls again.
	Retries *retry.Client

	requestIDs bool
	methods    methodCache[*ClientMethod]
}

// NewClient returns the client part of an interceptor, whose package has the name.
// The error names every option that is invalid.
func NewClient[Option ~func(*ClientConfig)](name string, options []Option) (*Client, error) {
	config, err := configureClient(name, options)
	if err != nil {
		return nil, err
	}
	return &Client{KeyField: config.KeyField, Retries: retry.NewClient(config.Retries), requestIDs: config.RequestIDs}, nil
}

// Calls says how the calls of a method are sent.
type Calls int

const (
	// Keyless calls are sent once: the schema says that the method ignores keys.
	Keyless Calls = iota
	// SideEffectFree calls need no key to be sent again.
	SideEffectFree
	// Keyed calls have a key, and are sent again with it.
	Keyed
)

// ClientMethod is what a client knows about a method before any call of it.
type ClientMethod struct {
	// Calls says how the calls of the method are sent.
	Calls Calls

	keyField keyField
}

// Method returns what is known about a method, which is looked up once. The
// descriptor is anything else if the caller does not have it. If readOnly is set, the
// method has no side effects, whatever its schema says.
func (c *Client) Method(procedure string, descriptor any, readOnly bool) *ClientMethod {
	if method, ok := c.methods.load(procedure); ok {
		return method
	}
	method := &ClientMethod{
		Calls:    callsOf(procedure, descriptor, readOnly),
		keyField: keyField{requestIDs: c.requestIDs},
	}
	c.methods.store(procedure, method)
	return method
}

func callsOf(procedure string, descriptor any, readOnly bool) Calls {
	method := schema.Method(procedure, descriptor)
	if readOnly || schema.HasNoSideEffects(method) {
		return SideEffectFree
	}
	if policy, _ := schema.Policy(procedure, method); policy.Key == idempotency.KeyIgnored {
		return Keyless
	}
	return Keyed
}
