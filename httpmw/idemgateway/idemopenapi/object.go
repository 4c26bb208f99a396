package idemopenapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// object is a JSON object that keeps the order of its members.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

var errNotAnObject = errors.New("not a JSON object")

func parse(data []byte) (o object, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.Join(errNotAnObject, err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: name.(string)} //nolint:forcetypeassert // a decoder allows only strings here
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		o = append(o, m)
	}
	_, err = decoder.Token() // the end of the object
	return o, err
}

// get returns nil if there is no such member.
func (o *object) get(name string) json.RawMessage {
	if i := o.index(name); i >= 0 {
		return (*o)[i].value
	}
	return nil
}

func (o *object) index(name string) int {
	return slices.IndexFunc(*o, func(m member) bool { return m.name == name })
}

// text returns the member if it is a string, or "".
func (o *object) text(name string) (text string) {
	_ = json.Unmarshal(o.get(name), &text) // it is another type, or missing
	return text
}

// set replaces the member, or adds it at the end.
func (o *object) set(name string, value json.RawMessage) {
	if i := o.index(name); i >= 0 {
		(*o)[i].value = value
		return
	}
	*o = append(*o, member{name, value})
}

// add adds the member unless it exists.
func (o *object) add(name string, value any) {
	if o.index(name) < 0 {
		*o = append(*o, member{name, encode(value)})
	}
}

// edit changes the object that is the member, which may not exist yet.
func (o *object) edit(name string, change func(*object) error) error {
	var inner object
	if value := o.get(name); value != nil {
		var err error
		if inner, err = parse(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := change(&inner); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	o.set(name, inner.encode())
	return nil
}

func (o *object) encode() json.RawMessage {
	text := []byte{'{'}
	for i, m := range *o {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(text, encode(m.name)...), ':')
		text = append(text, m.value...)
	}
	return append(text, '}')
}

// encode returns the JSON of a value. It does not escape <, > and &, as protoc-gen-openapiv2 does not.
func encode(value any) json.RawMessage {
	if o, ok := value.(object); ok {
		return o.encode()
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) //nolint:errchkjson // the values of this package can always be encoded
	return bytes.TrimRight(text.Bytes(), "\n")
}
