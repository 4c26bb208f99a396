// Package redistest starts real Redis servers for tests: one server, a Cluster, or
// servers that Sentinel monitors. Every server listens on a free port of the
// loopback interface, stores its files in a temporary folder, and is killed by its
// process ID.
//
// The environment variable REDIS_SERVER selects another program than redis-server,
// for example valkey-server.
package redistest
