// Command buf-plugin-idempotency is a plugin of buf lint. It names every method that may change
// something and does not say what it does with an idempotency key.
//
//	go install github.com/oncewire/idempotency/tools/buf-plugin-idempotency@latest
//
// In buf.yaml:
//
//	lint:
//	  use:
//	    - STANDARD
//	    - IDEMPOTENCY_KEY_MODE
//	plugins:
//	  - plugin: buf-plugin-idempotency
//
// # Rule
//
// IDEMPOTENCY_KEY_MODE, which is on by default, reports a method unless one of these holds:
//
//   - (idempotency.v1.method).key is set, and is not KEY_MODE_UNSPECIFIED.
//   - idempotency_level is NO_SIDE_EFFECTS. IDEMPOTENT is not enough: it describes the effect, and
//     says nothing about the key or about the answer of a retry.
//   - The method is a stream. The adapters do not guard streams.
//   - Its name says that it only reads: see read_only_prefixes.
//   - configured_methods lists it.
//
// # Options
//
// read_only_prefixes is a list of the verbs with which methods without side effects begin. Default:
// Get, List, BatchGet and Search, which AIP-131, AIP-132, AIP-231 and AIP-136 use for such methods.
// A verb matches whole words: Get matches GetPayment, and neither Getaway nor GetOrCreatePayment.
// A list in buf.yaml replaces the default one.
//
//	plugins:
//	  - plugin: buf-plugin-idempotency
//	    options:
//	      read_only_prefixes: [Get, List, Query]
//
// configured_methods is a list of the full names of methods whose key mode the server's own
// configuration sets (idempotency.WithPolicy). Default: none. A comment above a method does the same,
// but also appears in generated code: buf:lint:ignore IDEMPOTENCY_KEY_MODE.
//
//	configured_methods: [shop.v1.OrderService.CreateOrder]
//
// The plugin finds the option in the schemas that it checks, so it does not depend on a version of
// the option, and needs no update when the number of the extension changes.
package main

import "buf.build/go/bufplugin/check"

func main() { check.Main(spec) }
