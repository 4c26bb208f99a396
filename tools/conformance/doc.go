// Package conformance proves from outside that a guarded server answers as an
// unguarded one does. Others wrote the tests:
//
//   - connectrpc.com/conformance calls connectserver, a connect-go server
//     behind idemconnect, over Connect, gRPC and gRPC-Web, and compares every
//     header, trailer, message, status and error detail;
//   - the same suite calls connectserver2, on version 2 of connect-go behind
//     idemconnect2;
//   - google.golang.org/grpc/interop, in interopclient, calls its own server
//     behind idemgrpc.
//
// Each runs in the modes of package tally: calls without keys, calls that are
// claimed and recorded, and calls whose every answer comes from the record.
// What the engine's observer saw is compared with the number of unary calls, so
// that a run in which nothing was guarded does not pass.
//
// `make conformance` runs them and prints the counts. It is a module of its
// own, so that no user of the library gets what it needs.
//
// Left out of the first suite are HTTP/3, since the server is net/http's, and
// half-duplex streams over HTTP/1.1, which connect-go does not serve. What the
// second leaves out stands in interopclient.
package conformance

//go:generate ./generate.sh
