package idempotency

// CORSAllowedHeaders returns the names of the header fields that a page of another
// origin sends to a guarded server: the field of the key. A CORS library answers
// preflight requests with them, in Access-Control-Allow-Headers. Without the name
// the browser does not send the request.
//
// Add the names of the protocol and of the application, such as Content-Type;
// connectrpc.com/cors has those of Connect and gRPC-Web. The caller owns the slice.
// CORS is part of https://fetch.spec.whatwg.org.
func (e *Engine) CORSAllowedHeaders() []string { return []string{e.keys.Field} }

// CORSExposedHeaders returns the names of the header fields that a page of another
// origin reads in the answers of a guarded server, for
// Access-Control-Expose-Headers:
//
//   - the marker of a replay;
//   - the field of the key, which httpmw.WithKeyEcho returns;
//   - Retry-After of refusals over HTTP. Refusals over Connect and gRPC-Web have
//     google.rpc.RetryInfo instead.
//
// Without a name its field arrives, and the page cannot read it. A page needs no
// other field of this module: Idempotency-Refused is for servers. The caller owns
// the slice.
func (e *Engine) CORSExposedHeaders() []string {
	return []string{e.replayedField, e.keys.Field, "Retry-After"}
}
