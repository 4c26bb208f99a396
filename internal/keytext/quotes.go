package keytext

import "strings"

// Unquote returns the content of a structured-field string (RFC 9651), in which
// only a quote and a backslash are escaped. It ignores the parameters that may
// follow the string. It reports false if the text does not have that form.
func Unquote(text string) (string, bool) {
	rest, ok := strings.CutPrefix(text, `"`)
	if !ok {
		return "", false
	}
	end := strings.IndexAny(rest, `"\`)
	if end >= 0 && rest[end] == '"' { // nothing is escaped: no copy
		return rest[:end], areParameters(rest[end+1:])
	}
	var plain strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return plain.String(), areParameters(rest[i+1:])
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

// areParameters reports whether text may follow an item: it is empty, or starts
// with the semicolon of a parameter. The parameters themselves are not parsed.
func areParameters(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text == "" || text[0] == ';'
}
