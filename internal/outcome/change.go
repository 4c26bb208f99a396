package outcome

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Kind is the enum Change of message Field.
type Kind uint8

// What a handler did to a field.
const (
	Set      Kind = iota // it made or replaced the field
	Appended             // it added values to those that stood there before
	Removed              // it deleted the field that stood there before
)

// Change is one field of an answer in relation to what stood there before the
// handler ran.
type Change struct {
	Name   string
	Kind   Kind
	Values []string
}

// ApplyTo does to the fields what the handler did.
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

// appendChanges writes each change as one Field.
func appendChanges(buffer []byte, number protowire.Number, changes []Change) []byte {
	for i := range changes {
		change := &changes[i]
		buffer = protowire.AppendTag(buffer, number, protowire.BytesType)
		buffer = protowire.AppendVarint(buffer, uint64(sizeChange(change)))
		buffer = appendBytes(buffer, fieldName, change.Name)
		for _, value := range change.Values {
			buffer = appendBytes(buffer, fieldValues, value)
		}
		if change.Kind != Set {
			buffer = appendVarint(buffer, fieldChange, uint64(change.Kind))
		}
	}
	return buffer
}

func sizeChanges(number protowire.Number, changes []Change) (size int) {
	for i := range changes {
		size += sizeBytes(number, sizeChange(&changes[i]))
	}
	return size
}

func sizeChange(change *Change) int {
	size := sizeField(change.Name, change.Values)
	if change.Kind != Set {
		size += sizeVarint(fieldChange, uint64(change.Kind))
	}
	return size
}
