// Package redistest starts real Redis servers for tests: one server, a
// Cluster, or servers that Sentinel watches. Every server listens on a free
// port of the loopback interface, keeps nothing on disk that outlives it, and
// is ended by its process ID.
//
// The environment variable REDIS_SERVER names another program to run in place
// of redis-server, such as valkey-server.
package redistest
