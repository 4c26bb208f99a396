// Package digest makes digests of lists of texts. It imports the standard library
// only, so that the root package can import it.
package digest
