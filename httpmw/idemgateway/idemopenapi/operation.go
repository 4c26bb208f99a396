package idemopenapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const problemMediaType = "application/problem+json"

// parameter is the header parameter of the key.
type parameter struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	In          string `json:"in"`
	Required    bool   `json:"required"`
	Type        string `json:"type"`
}

const keyDescription = "Makes the request safe to retry: a retry with the same key gets the first answer. Use a new key, " +
	"such as a UUID, for every request that is meant to have an effect of its own, and the same key for its retries. " +
	"1 to 255 visible ASCII characters, bare or as a quoted string (RFC 9651)."

func (a *annotator) addParameter(operation *object, required bool) error {
	parameters := make([]json.RawMessage, 0, 1)
	if value := operation.get("parameters"); value != nil {
		if err := json.Unmarshal(value, &parameters); err != nil {
			return fmt.Errorf("parameters: %w", err)
		}
	}
	for _, value := range parameters {
		var p parameter
		_ = json.Unmarshal(value, &p) // it is a reference, or of another form
		if p.In == "header" && strings.EqualFold(p.Name, a.keyField) {
			return nil
		}
	}
	parameters = append(parameters, encode(parameter{a.keyField, keyDescription, "header", required, typeString}))
	operation.set("parameters", encode(parameters))
	return nil
}

// addMediaType adds the media type of problem details to those of the operation, or of the document
// if the operation has none.
func (a *annotator) addMediaType(operation *object) error {
	value := operation.get("produces")
	if value == nil {
		value = a.produces
	}
	types := []string{}
	if value != nil {
		if err := json.Unmarshal(value, &types); err != nil {
			return fmt.Errorf("produces: %w", err)
		}
	}
	if !slices.Contains(types, problemMediaType) {
		operation.set("produces", encode(append(types, problemMediaType)))
	}
	return nil
}
