package idempotency

// KeyRule names a rule that a malformed key breaks, for programs.
type KeyRule string

// The rules, in the order in which they are tried.
const (
	RuleSingle     KeyRule = "single"     // there is more than one key
	RuleBlank      KeyRule = "blank"      // the field is present and blank
	RuleQuotes     KeyRule = "quotes"     // not a string of RFC 9651
	RuleLength     KeyRule = "length"     // see [WithMaxKeyLength]
	RuleCharacters KeyRule = "characters" // a character that is not visible ASCII
	RuleValidator  KeyRule = "validator"  // see [WithKeyValidator]
	RuleUUID       KeyRule = "uuid"       // see [WithUUIDKeys]
)

var ruleDetails = map[KeyRule]string{
	RuleSingle:     "More than one idempotency key was sent.",
	RuleBlank:      "The idempotency key is blank. Send a key, or leave the field out.",
	RuleQuotes:     "The idempotency key starts with a quote and is not a quoted string (RFC 9651).",
	RuleLength:     "The idempotency key is too long or empty.",
	RuleCharacters: "The idempotency key has a character that is not visible ASCII.",
	RuleValidator:  "The idempotency key does not have the form that this server requires.",
	RuleUUID:       "The idempotency key is not a UUID.",
}
