package outcome

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// appendFields writes each header, trailer or metadata field as one Field, in the
// order of the names, so that equal answers have equal bytes.
func appendFields(buffer []byte, number protowire.Number, fields map[string][]string) []byte {
	var few [16]string // needs no allocation
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		buffer = appendLength(buffer, number, sizeField(name, fields[name]))
		buffer = appendField(buffer, name, fields[name])
	}
	return buffer
}

// appendChanges writes each change as one Field.
func appendChanges(buffer []byte, number protowire.Number, changes []Change) []byte {
	for i := range changes {
		change := &changes[i]
		buffer = appendLength(buffer, number, sizeChange(change))
		buffer = appendField(buffer, change.Name, change.Values)
		if change.Kind != Set {
			buffer = appendVarint(buffer, fieldChange, uint64(change.Kind))
		}
	}
	return buffer
}

func appendField(buffer []byte, name string, values []string) []byte {
	buffer = appendBytes(buffer, fieldName, name)
	for _, value := range values {
		buffer = appendBytes(buffer, fieldValues, value)
	}
	return buffer
}

func sizeFields(number protowire.Number, fields map[string][]string) (size int) {
	for name, values := range fields {
		size += sizeBytes(number, sizeField(name, values))
	}
	return size
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

func sizeField(name string, values []string) int {
	size := sizeBytes(fieldName, len(name))
	for _, value := range values {
		size += sizeBytes(fieldValues, len(value))
	}
	return size
}
