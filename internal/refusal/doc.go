// Package refusal encodes and decodes refusals in the form that gRPC, Connect and
// grpc-gateway share: a google.rpc.Status whose google.rpc.ErrorInfo has the reason
// (AIP-193), with a google.rpc.RetryInfo if there is a time to retry after. No other
// package encodes or decodes this form.
package refusal
