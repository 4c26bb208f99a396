// Package retry sends a call again until an answer settles it: what the clients of
// all protocols share. It knows no protocol. An adapter implements [Call], which
// sends the call once and says whether sending it again, with the same key, may
// help.
package retry
