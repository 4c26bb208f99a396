package httpmw

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// deepest is how many arrays and objects may be inside each other in a body
// that is brought into canonical form.
const deepest = 100

// errAmbiguous is returned for a body that may mean different things to
// different readers, or that costs too much to read.
var errAmbiguous = errors.New("no canonical form")

// isJSON knows application/json and every type with the suffix (RFC 6839).
func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.Trim(kind, " \t")
	return strings.EqualFold(kind, "application/json") ||
		len(kind) > 5 && strings.EqualFold(kind[len(kind)-5:], "+json")
}

// canonicalJSON returns the value without white space, with sorted members and
// with one way to escape a character. Numbers stay as they were written: a
// reader may tell 1 from 1.0, and no number is too long. It returns false for
// what has no canonical form.
func canonicalJSON(body []byte) ([]byte, bool) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	canonical, err := appendValue(make([]byte, 0, len(body)), decoder, 0)
	return canonical, err == nil
}

func appendValue(buffer []byte, decoder *json.Decoder, depth int) ([]byte, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == deepest {
			return nil, errAmbiguous
		}
		if token == '[' {
			return appendArray(buffer, decoder, depth+1)
		}
		return appendObject(buffer, decoder, depth+1)
	case string:
		return appendString(buffer, token)
	case json.Number:
		return append(buffer, token...), nil
	case bool:
		return strconv.AppendBool(buffer, token), nil
	default:
		return append(buffer, "null"...), nil
	}
}

func appendArray(buffer []byte, decoder *json.Decoder, depth int) (_ []byte, err error) {
	open := byte('[')
	for decoder.More() {
		if buffer, err = appendValue(append(buffer, open), decoder, depth); err != nil {
			return nil, err
		}
		open = ','
	}
	if open == '[' {
		buffer = append(buffer, open)
	}
	_, err = decoder.Token() // the closing bracket
	return append(buffer, ']'), err
}

// member is a member of an object.
type member struct {
	name string
	text []byte // name, value and a comma, in canonical form
}

func byName(a, b member) int { return strings.Compare(a.name, b.name) }

// appendObject writes the members as they come and sorts them afterwards.
func appendObject(buffer []byte, decoder *json.Decoder, depth int) ([]byte, error) {
	buffer = append(buffer, '{')
	start := len(buffer)
	buffer, members, err := appendMembers(buffer, decoder, depth)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return append(buffer, '}'), nil
	}
	if !slices.IsSortedFunc(members, byName) {
		slices.SortFunc(members, byName)
		sorted := make([]byte, 0, len(buffer)-start)
		for _, each := range members {
			sorted = append(sorted, each.text...)
		}
		copy(buffer[start:], sorted)
	}
	for i := range members[1:] {
		if members[i].name == members[i+1].name {
			return nil, errAmbiguous
		}
	}
	buffer[len(buffer)-1] = '}' // in place of the last comma
	return buffer, nil
}

func appendMembers(buffer []byte, decoder *json.Decoder, depth int) (_ []byte, members []member, err error) {
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := token.(string)
		start := len(buffer)
		if buffer, err = appendString(buffer, name); err != nil {
			return nil, nil, err
		}
		if buffer, err = appendValue(append(buffer, ':'), decoder, depth); err != nil {
			return nil, nil, err
		}
		buffer = append(buffer, ',')
		members = append(members, member{name, buffer[start:]})
	}
	_, err = decoder.Token() // the closing brace
	return buffer, members, err
}

// appendString refuses U+FFFD: the decoder puts it in the place of every
// surrogate that stands alone, so it may have been anything.
func appendString(buffer []byte, text string) ([]byte, error) {
	if strings.ContainsRune(text, utf8.RuneError) {
		return nil, errAmbiguous
	}
	buffer = append(buffer, '"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			buffer = append(buffer, '\\', c)
		case c < ' ':
			buffer = append(buffer, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&0xf])
		default:
			buffer = append(buffer, c)
		}
	}
	return append(buffer, '"'), nil
}
