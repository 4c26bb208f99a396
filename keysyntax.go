package idempotency

import (
	"encoding/hex"
	"strings"
)

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

// canonicalUUID takes the spellings of RFC 9562 that are in use: with hyphens
// or without, in braces, as a URN, in any case. It returns the one with hyphens
// in lower case.
func canonicalUUID(text string) (string, bool) {
	text = strings.ToLower(text)
	text = strings.TrimPrefix(text, "urn:uuid:")
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if text, ok = strings.CutSuffix(inner, "}"); !ok {
			return "", false
		}
	}
	if len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' {
		text = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	}
	if len(text) != 32 {
		return "", false
	}
	if _, err := hex.DecodeString(text); err != nil {
		return "", false
	}
	return hyphenated(text), true
}

// hyphenated writes 32 hexadecimal digits as a UUID.
func hyphenated(digits string) string {
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
