// Package mark makes and recognises the mark of a refusal. The mark is an opaque
// text that an adapter sends with a refusal. It says that the call with this
// operation and key was refused, so its handler did not run. A guard around the
// refused one, in the same process or in another, then releases its own claim
// instead of recording the error.
//
// The text contains a digest of the operation and the key. A service that does
// not know both cannot make it, and the mark of another call does not match.
//
// The package imports the standard library only, so that the root package can
// import it.
package mark
