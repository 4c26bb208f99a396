// Package rpc is the part of a guard that the interceptors of gRPC and of both
// versions of connect-go share. It imports no framework: it knows the methods and their policies,
// the fingerprint of a request, the verdict on a status, and how to record and
// replay an answer. Since all interceptors use it, a call that one of them
// recorded is replayed by the others.
package rpc
