// Package idemopenapi adds to the OpenAPI document of a gateway what clients must know about
// idempotency keys. The document is what protoc-gen-openapiv2 writes (OpenAPI 2.0, JSON), and the
// facts come from the options in the schema, so both stay in step. The command idemopenapi of this
// module does the same without a program of your own.
//
// For every operation whose method takes a key, [Annotate] adds:
//
//   - the header parameter Idempotency-Key, required where (idempotency.v1.method).key is
//     KEY_MODE_REQUIRED and no field of the request message can carry the key;
//   - the header field Idempotent-Replayed of the answers that can be replays;
//   - the answers 400, 409, 422 and 503 with problem details (RFC 9457), as package idemgateway
//     writes refusals, and Retry-After where a retry makes sense.
//
// A method takes no key if its idempotency_level is NO_SIDE_EFFECTS, if its key mode is
// KEY_MODE_IGNORED, or if it is a stream. A method whose schema says nothing takes one unless the
// operation is a GET or HEAD; [WithDefaultKeyMode] changes that, for a server whose own
// configuration says more than the schema does.
//
// What the document already has remains: a parameter or an answer of the same name is not replaced,
// so annotations of the schema (openapiv2_operation) win, and annotating twice changes nothing. The
// order of members is kept.
//
// Refusals that depend on the server's configuration are not added: 401 (the scope is unknown), 403
// (a replay was denied) and 413 (the request is too large). Do not use this package with a refusal
// writer of your own ([idemgateway.WithRefusalWriter]), since its answers have another form.
//
// [idemgateway.WithRefusalWriter]: https://pkg.go.dev/github.com/oncewire/idempotency/httpmw/idemgateway#WithRefusalWriter
package idemopenapi
