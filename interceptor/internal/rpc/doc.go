// Package rpc is what the gRPC and the Connect interceptor share, and knows
// neither: which methods are guarded, the fingerprint of a request message,
// the verdict on a status, the record of an answer and the replay of it. It is
// why a call recorded by one adapter is replayed by the other.
package rpc
