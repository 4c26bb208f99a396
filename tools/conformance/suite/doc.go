// Package suite has what the servers under test share: how connectrpc.com/conformance
// starts them, and what its service answers.
package suite
