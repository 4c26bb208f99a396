// Package rpc is the part of a guard that the gRPC and the Connect interceptor
// share. It imports neither framework: it knows the methods and their policies,
// the fingerprint of a request, the verdict on a status, and how to record and
// replay an answer. Since both interceptors use it, a call that one of them
// recorded is replayed by the other.
package rpc
