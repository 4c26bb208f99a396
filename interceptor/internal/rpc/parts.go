package rpc

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"
)

// Parts are those of a response that is encoded before its handler returns it.
type Parts struct {
	Message any
	// Returned is the status of a response that is an error, and Sent the one that the
	// framework sends for it.
	Returned, Sent *spb.Status
	// Headers and Trailers are those of the response, and those that its handler has
	// set so far.
	Headers, Trailers Fields
}

// Splitter takes a response apart. The context is that of the handler, or that of a
// call whose handler does not run.
type Splitter func(ctx context.Context, response any) Parts
