package keytext

import (
	"encoding/hex"
	"strings"
)

// UUID writes sixteen bytes as a UUID of the version.
func UUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return hyphenated(hex.EncodeToString(b[:]))
}

// CanonicalUUID accepts the spellings of RFC 9562 that are in use: with hyphens
// or without, in braces, as a URN, in any case. It returns the spelling with
// hyphens in lower case.
func CanonicalUUID(text string) (string, bool) {
	if isCanonicalUUID(text) { // no copy
		return text, true
	}
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

func isCanonicalUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// hyphenated writes 32 hexadecimal digits as a UUID.
func hyphenated(digits string) string {
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
