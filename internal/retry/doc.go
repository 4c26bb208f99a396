// Package retry sends a call again until it is settled: what the clients of all
// protocols share. It knows no protocol. An adapter passes a function that sends
// the call once and says whether sending it again, with the same key, may help.
package retry
