package rpc

import "strings"

// Fields are metadata as they are recorded: with names in lower case, and with
// binary values (-bin) decoded.
type Fields = map[string][]string

// verbatimSuffix ends the recorded name of a binary field whose values are not
// the base64 that this library writes. They are recorded as the handler wrote
// them, since decoding and encoding would change them. No name of a metadata field
// contains it.
const verbatimSuffix = "="

// IsBinary reports whether the values of a field are bytes that are sent in
// base64.
func IsBinary(name string) bool { return strings.HasSuffix(name, "-bin") }

// VerbatimName returns the name under which a binary field is recorded verbatim.
func VerbatimName(name string) string { return name + verbatimSuffix }

// CutVerbatim returns the name of a recorded field, and whether its values are
// recorded verbatim.
func CutVerbatim(recorded string) (name string, verbatim bool) {
	return strings.CutSuffix(recorded, verbatimSuffix)
}
