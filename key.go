package idempotency

import "strings"

// DefaultMaxKeyLength is the number of characters a key may have, unless
// WithMaxKeyLength says otherwise.
const DefaultMaxKeyLength = 255

// keyRules is what a key has to satisfy.
type keyRules struct {
	maxLength int
	uuid      bool
	validate  func(key string) error // nil for none
}

// parse returns "" for no key at all.
func (r *keyRules) parse(values []string) (string, *Error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return r.canonical(strings.Trim(values[0], " \t"))
	default:
		return "", ErrKeyInvalid.withRule(RuleSingle)
	}
}

func (r *keyRules) canonical(text string) (string, *Error) {
	key, rule := r.unwrap(text)
	if rule != "" {
		return "", ErrKeyInvalid.withRule(rule)
	}
	if r.validate != nil {
		if err := r.validate(key); err != nil {
			return "", ErrKeyInvalid.withRule(RuleValidator).withCause(err)
		}
	}
	if !r.uuid {
		return key, nil
	}
	uuid, ok := canonicalUUID(key)
	if !ok {
		return "", ErrKeyInvalid.withRule(RuleUUID)
	}
	return uuid, nil
}

// unwrap returns the key without quotes, or the rule that it breaks.
func (r *keyRules) unwrap(text string) (string, KeyRule) {
	if text == "" {
		return "", RuleBlank
	}
	if text[0] == '"' {
		unquoted, ok := unquote(text)
		if !ok {
			return "", RuleQuotes
		}
		text = unquoted
	}
	if text == "" || len(text) > r.maxLength {
		return "", RuleLength
	}
	if !visibleASCII(text) {
		return "", RuleCharacters
	}
	return text, ""
}

func visibleASCII(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
