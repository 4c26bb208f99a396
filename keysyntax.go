package idempotency

import "strings"

// unquote reads a string of RFC 9651, in which only a quote and a backslash are
// escaped, and leaves out the parameters that may follow it.
func unquote(text string) (string, bool) {
	rest := text[1:]
	end := strings.IndexAny(rest, `"\`)
	if end >= 0 && rest[end] == '"' { // nothing is escaped: no copy
		return rest[:end], parameters(rest[end+1:])
	}
	var plain strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return plain.String(), parameters(rest[i+1:])
		case '\\':
			i++
			if i == len(rest) || rest[i] != '"' && rest[i] != '\\' {
				return "", false
			}
		}
		plain.WriteByte(rest[i])
	}
	return "", false
}

// parameters reports whether text is what may follow an item: nothing, or
// parameters, each after a semicolon. What they say is not looked at.
func parameters(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text == "" || text[0] == ';'
}
