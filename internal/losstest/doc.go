// Package losstest has HTTP servers that lose 30 % of their replies after the handler
// has run, for tests of clients that send calls again.
package losstest
