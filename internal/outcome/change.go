package outcome

import "slices"

// ChangeKind is the enum Change of message Field.
type ChangeKind uint8

// What a handler did to a field.
const (
	Set      ChangeKind = iota // it created or replaced the field
	Appended                   // it added values to those that the field had before
	Removed                    // it deleted the field
)

// Change is one field of an answer, relative to the fields that were set before the
// handler ran.
type Change struct {
	Name   string
	Kind   ChangeKind
	Values []string
}

// ApplyTo makes the change to the fields.
func (c *Change) ApplyTo(fields map[string][]string) {
	switch c.Kind {
	case Set:
		fields[c.Name] = c.Values
	case Appended:
		fields[c.Name] = append(slices.Clip(fields[c.Name]), c.Values...)
	case Removed:
		delete(fields, c.Name)
	}
}
