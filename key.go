package idempotency

import (
	"cmp"
	"context"
	"errors"
	"strings"
)

// DefaultMaxKeyLength is the number of characters a key may have, unless
// WithMaxKeyLength says otherwise.
const DefaultMaxKeyLength = 255

// KeyUse says what an operation does with a key.
type KeyUse uint8

const (
	// KeyDefault leaves it to whoever is asked next: see [Engine.KeyUse].
	KeyDefault KeyUse = iota
	// KeyOptional honours a key where one is sent.
	KeyOptional
	// KeyRequired refuses a call that has no key.
	KeyRequired
	// KeyOff ignores keys: the call always runs.
	KeyOff
)

var (
	errSeveralKeys  = errors.New("more than one key")
	errKeyLength    = errors.New("too short or too long")
	errKeyCharacter = errors.New("a character that is not visible ASCII")
	errKeyQuotes    = errors.New("an unfinished quoted string")
	errKeyNotUUID   = errors.New("not a UUID")
)

// ParseKey returns the canonical key from the values of a key field, for an
// adapter to put into a [Call]. A bare key and a structured-field string
// (RFC 9651) are the same key: abc and "abc". It returns "" when the call
// carries no key and needs none, and then the call is not guarded. What a
// schema says of the operation's key is KeyDefault where there is none.
//
// The error is [ErrKeyInvalid] or [ErrKeyMissing].
func (e *Engine) ParseKey(ctx context.Context, operation string, schema KeyUse, values []string) (string, error) {
	use := e.KeyUse(operation, schema)
	if use == KeyOff {
		return "", nil
	}
	key, err := e.keys.parse(values)
	if err == nil && key == "" && use == KeyRequired {
		err = ErrKeyMissing
	}
	if err != nil {
		e.observeRefusal(ctx, Event{Operation: operation}, err)
		return "", err
	}
	return key, nil
}

// KeyUse returns what an operation does with a key, and never KeyDefault. The
// most specific has its say first: a policy for this very operation, its
// schema, a policy for several operations, the engine's options. So a policy
// for a whole service does not ask for keys where nothing is changed.
func (e *Engine) KeyUse(operation string, schema KeyUse) KeyUse {
	policy := e.PolicyFor(operation)
	if _, exact := e.policies.exact[operation]; exact {
		return cmp.Or(policy.Key, schema, e.policies.standard.Key)
	}
	return cmp.Or(schema, policy.Key, e.policies.standard.Key)
}

// RequiresKeys reports whether any operation may be refused for want of a key.
// Where none is, an adapter lets calls without a key pass without asking.
func (e *Engine) RequiresKeys() bool { return e.policies.required }

// keyRules is what a key has to satisfy.
type keyRules struct {
	maxLength int
	uuid      bool
}

// parse returns "" for no key at all.
func (r keyRules) parse(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", ErrKeyInvalid.because(errSeveralKeys)
	}
	text := strings.Trim(values[0], " \t")
	if text == "" {
		return "", nil
	}
	key, err := r.canonical(text)
	if err != nil {
		return "", ErrKeyInvalid.because(err)
	}
	return key, nil
}

func (r keyRules) canonical(text string) (string, error) {
	// Twice the length is the longest a quoted key can be with every
	// character escaped; anything longer is not worth reading.
	if len(text)/2-1 > r.maxLength {
		return "", errKeyLength
	}
	if text[0] == '"' {
		unquoted, ok := unquote(text)
		if !ok {
			return "", errKeyQuotes
		}
		text = unquoted
	}
	if len(text) == 0 || len(text) > r.maxLength {
		return "", errKeyLength
	}
	if !visibleASCII(text) {
		return "", errKeyCharacter
	}
	if r.uuid {
		return canonicalUUID(text)
	}
	return text, nil
}

// unquote reads an RFC 9651 string, in which only a quote and a backslash are
// escaped.
func unquote(text string) (string, bool) {
	if len(text) < 2 || text[len(text)-1] != '"' {
		return "", false
	}
	inner := text[1 : len(text)-1]
	if !strings.ContainsAny(inner, `"\`) {
		return inner, true
	}
	var plain strings.Builder
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			return "", false
		case '\\':
			i++
			if i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
		}
		plain.WriteByte(inner[i])
	}
	return plain.String(), true
}

func visibleASCII(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// canonicalUUID accepts every textual UUID of RFC 9562 and lowers its case,
// since the standard has readers ignore it.
func canonicalUUID(text string) (string, error) {
	if len(text) != 36 {
		return "", errKeyNotUUID
	}
	for i := range len(text) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (text[i] == '-') || !hyphen && !isHex(text[i]) {
			return "", errKeyNotUUID
		}
	}
	return strings.ToLower(text), nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
