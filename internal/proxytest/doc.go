// Package proxytest has a TCP proxy that breaks, cuts and delays connections on
// demand, between servers and what tests talk to them with.
package proxytest
