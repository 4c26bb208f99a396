package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// defaultPrefixes are the verbs of AIP-131, AIP-132, AIP-231 and AIP-136.
var defaultPrefixes = []string{"Get", "List", "BatchGet", "Search"}

// isReadOnly reports whether the name begins with one of the verbs as a whole word, and not with
// two verbs, as GetOrCreate does.
func isReadOnly(name string, prefixes []string) bool {
	for _, prefix := range prefixes {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || !startsWord(rest) {
			continue
		}
		if second, ok := strings.CutPrefix(rest, "Or"); ok && second != "" && startsWord(second) {
			continue
		}
		return true
	}
	return false
}

// startsWord reports whether a new word starts here, or the name ends.
func startsWord(rest string) bool {
	first, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLower(first)
}
