package idemopenapi

import "github.com/oncewire/idempotency"

// problemName is the name of the definition of a refusal.
const problemName = "idempotencyProblem"

const typeString = "string"

// property is a property of a schema.
type property struct {
	Description string   `json:"description"`
	Type        string   `json:"type"`
	Format      string   `json:"format,omitempty"`
	Enum        []string `json:"enum,omitempty"`
}

// problemSchema returns the definition of a refusal, as package httpmw writes it.
func problemSchema() object {
	var properties object
	properties.add("type", property{"URI of the kind of problem. It names a page that explains it.", typeString, "uri-reference", nil})
	properties.add("title", property{"Short summary, the same for every problem of this type.", typeString, "", nil})
	properties.add("status", property{"HTTP status code.", "integer", "int32", nil})
	properties.add("detail", property{"What happened, for a reader.", typeString, "", nil})
	properties.add("reason", property{"What happened, for a program. A later version of the server can have more reasons.", typeString, "", nil})
	properties.add("next", property{"What the client should do.", typeString, "", []string{
		string(idempotency.NextRetrySameKey), string(idempotency.NextUseNewKey),
		string(idempotency.NextFixRequest), string(idempotency.NextAskOperator),
	}})
	properties.add("rule", property{"The rule that a malformed key breaks.", typeString, "", nil})
	var schema object
	schema.add("type", "object")
	schema.add("description", "Why a request was refused: problem details (RFC 9457).")
	schema.add("properties", properties)
	schema.add("required", []string{"type", "title", "status", "detail"})
	return schema
}
