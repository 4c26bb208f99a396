package idempotency

// The rules that a malformed key can break, as [Error.Rule] has them, in the order
// in which they are tried.
const (
	ruleSingle     = "single"     // more than one key was sent
	ruleBlank      = "blank"      // the field is present and blank
	ruleQuotes     = "quotes"     // it is not a string of RFC 9651
	ruleLength     = "length"     // see KeyRules.MaxLength
	ruleCharacters = "characters" // a character is not visible ASCII
	ruleValidator  = "validator"  // see KeyRules.Validate
	ruleUUID       = "uuid"       // see KeyRules.UUID
	ruleMismatch   = "mismatch"   // the request message has another key
)

var ruleDetails = map[string]string{
	ruleSingle:     "More than one idempotency key was sent.",
	ruleBlank:      "The idempotency key is blank. Send a key, or leave the field out.",
	ruleQuotes:     "The idempotency key starts with a quote and is not a quoted string (RFC 9651).",
	ruleLength:     "The idempotency key is too long or empty.",
	ruleCharacters: "The idempotency key has a character that is not visible ASCII.",
	ruleValidator:  "The idempotency key does not have the form that this server requires.",
	ruleUUID:       "The idempotency key is not a UUID.",
	ruleMismatch:   "The idempotency keys in the header and in the request message differ.",
}
