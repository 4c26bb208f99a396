// Package rpc is what the gRPC and the Connect interceptor share, and knows
// neither: which methods are guarded, the fingerprint of a request message,
// the verdict on a status, the refusals as a status, and the message that a
// replay hands out. It is why a call recorded at one door replays at the other.
package rpc
