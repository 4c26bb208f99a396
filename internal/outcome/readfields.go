package outcome

import "google.golang.org/protobuf/encoding/protowire"

// Fields is a list of Field messages in its stored form.
type Fields struct {
	message []byte // that contains the list
	number  protowire.Number
	fields  int
	values  int
}

// Len returns the number of fields.
func (f *Fields) Len() int { return f.fields }

// count adds one Field to the numbers of fields and values. It returns an error if
// the Field cannot be read.
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

// ApplyTo makes the stored changes to the fields. It uses room for their values, which
// may be nil, if they fit into its capacity.
func (f *Fields) ApplyTo(fields map[string][]string, room []string) {
	f.each(room, func(change Change) { change.ApplyTo(fields) })
}

// Each invokes visit with each field, in stored order. The values share one
// allocation. The capacity of each list of values ends with the list, so an append
// to it does not overwrite the next.
func (f *Fields) Each(visit func(Change)) { f.each(nil, visit) }

// each is Each with room for the values.
func (f *Fields) each(values []string, visit func(Change)) {
	if f.fields == 0 {
		return
	}
	if cap(values) < f.values {
		values = make([]string, 0, f.values)
	}
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
				change.Kind = ChangeKind(field.varint)
			}
		}
		change.Values = values[first:len(values):len(values)]
		visit(change)
	}
}
