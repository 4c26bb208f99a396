// Package fingerprint names the algorithms of request fingerprints and compares
// fingerprints. It imports the standard library and package backend only, so that
// the root package can import it.
package fingerprint
