// Package schema reads what .proto files say about idempotency: the policy of a
// method, and the field of its request message that carries the key. The RPC
// adapters and the gateway share it.
package schema
