package rpc

import "strings"

// Fields are headers, trailers or metadata as they are stored: with names in
// lower case, and binary values (-bin) decoded.
type Fields = map[string][]string

// verbatim ends the stored name of a binary field whose values are not the
// base64 that this library writes. They are stored as the handler wrote them,
// since decoding and encoding would change them. No field name contains it.
const verbatim = "="

// Binary reports whether the values of a field are bytes that travel in base64.
func Binary(name string) bool { return strings.HasSuffix(name, "-bin") }

// VerbatimName returns the name under which a binary field is stored verbatim.
func VerbatimName(name string) string { return name + verbatim }

// CutVerbatim returns the name of a stored field, and whether its values are
// stored verbatim.
func CutVerbatim(stored string) (name string, found bool) { return strings.CutSuffix(stored, verbatim) }

// stored drops what is not to be stored; the fields are the caller's own copy.
func (g *Guard) stored(fields Fields) Fields {
	for stored := range fields {
		if name, _ := CutVerbatim(stored); !g.filter.Stores(name) {
			delete(fields, stored)
		}
	}
	return fields
}
