package outcome

import "google.golang.org/protobuf/encoding/protowire"

// Numbers of message Field.
const (
	fieldName   = 1
	fieldValues = 2
	fieldChange = 3
)

// appendFields writes each header, trailer or metadata field as one Field.
func appendFields(buffer []byte, number protowire.Number, fields map[string][]string) []byte {
	for name, values := range fields {
		buffer = protowire.AppendTag(buffer, number, protowire.BytesType)
		buffer = protowire.AppendVarint(buffer, uint64(sizeField(name, values)))
		buffer = appendBytes(buffer, fieldName, name)
		for _, value := range values {
			buffer = appendBytes(buffer, fieldValues, value)
		}
	}
	return buffer
}

func sizeFields(number protowire.Number, fields map[string][]string) (size int) {
	for name, values := range fields {
		size += sizeBytes(number, sizeField(name, values))
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

// Fields is a list of Field messages, kept as it was stored.
type Fields struct {
	message []byte // that holds the list, among other things
	number  protowire.Number
	fields  int
	values  int
}

// Len returns the number of names.
func (f *Fields) Len() int { return f.fields }

// count takes one Field in, and is an error for one that cannot be read.
func (f *Fields) count(field []byte) error {
	f.fields++
	each := reader{message: field}
	for each.next() {
		switch each.number {
		case fieldValues:
			f.values++
		case fieldChange:
			if each.varint > uint64(Removed) {
				return ErrFormat // to ignore it would change the answer
			}
		}
	}
	return each.err
}

// CopyTo sets every name to its values.
func (f *Fields) CopyTo(fields map[string][]string) {
	f.Each(func(change Change) { fields[change.Name] = change.Values })
}

// ApplyTo does to the fields what the handler did.
func (f *Fields) ApplyTo(fields map[string][]string) {
	f.Each(func(change Change) { change.ApplyTo(fields) })
}

// Each visits the fields as they were stored. The values share one allocation,
// each capped so that a later append to one cannot reach the next.
func (f *Fields) Each(visit func(Change)) {
	if f.fields == 0 {
		return
	}
	values := make([]string, 0, f.values)
	list := reader{message: f.message}
	for list.next() {
		if list.number != f.number || list.bytes() == nil {
			continue
		}
		var change Change
		first := len(values)
		field := reader{message: list.bytes()}
		for field.next() {
			switch field.number {
			case fieldName:
				change.Name = text(field.bytes())
			case fieldValues:
				values = append(values, text(field.bytes()))
			case fieldChange:
				change.Kind = Kind(field.varint)
			}
		}
		change.Values = values[first:len(values):len(values)]
		visit(change)
	}
}
