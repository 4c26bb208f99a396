package httpmw

import (
	"bytes"
	"io"
	"slices"
)

// jsonText is a canonical form. Members are in the order of the body until
// writeTo sorts them.
type jsonText struct {
	bytes    []byte
	unsorted []jsonObject // the objects whose members are out of order
	sorted   []jsonMember // the members of these, in order
}

// jsonMember is a member of an object.
type jsonMember struct {
	name       []byte // without escapes
	start, end int    // of name and value in the text
}

// jsonObject is an object whose members are out of order in the text.
type jsonObject struct {
	start, end  int // of the object in the text
	first, last int // of its members in the list of sorted members
}

// Sizes in memory, in bytes.
const (
	jsonMemberSize = 40
	jsonObjectSize = 32
)

func (t *jsonText) memory() int {
	return cap(t.bytes) + jsonMemberSize*cap(t.sorted) + jsonObjectSize*cap(t.unsorted)
}

func (t *jsonText) reset() {
	clear(t.sorted) // they refer to the body
	t.bytes, t.sorted, t.unsorted = t.bytes[:0], t.sorted[:0], t.unsorted[:0]
}

func (t *jsonText) grow(size int) {
	if cap(t.bytes) < size {
		t.bytes = make([]byte, 0, size)
	}
}

// append adds a character, and returns its place.
func (t *jsonText) append(character byte) int {
	t.bytes = append(t.bytes, character)
	return len(t.bytes) - 1
}

// order sorts the members of the object that starts there and ends at the end of
// the text. It returns false if two members have one name.
func (t *jsonText) order(start int, members []jsonMember) bool {
	if inOrder(members) {
		return true
	}
	object := jsonObject{start: start, end: len(t.bytes), first: len(t.sorted)}
	t.sorted = append(t.sorted, members...)
	object.last = len(t.sorted)
	t.unsorted = append(t.unsorted, object)
	members = t.sorted[object.first:]
	slices.SortFunc(members, func(a, b jsonMember) int { return bytes.Compare(a.name, b.name) })
	return inOrder(members)
}

// inOrder returns false if two members have one name.
func inOrder(members []jsonMember) bool {
	for i := 1; i < len(members); i++ {
		if bytes.Compare(members[i-1].name, members[i].name) >= 0 {
			return false
		}
	}
	return true
}

// writeTo writes the text with all members in order.
func (t *jsonText) writeTo(w io.Writer) {
	slices.SortFunc(t.unsorted, func(a, b jsonObject) int { return a.start - b.start })
	t.writePart(w, 0, len(t.bytes))
}

// writePart writes a part of the text. It writes each byte once, however deep the
// objects are nested.
func (t *jsonText) writePart(w io.Writer, start, end int) {
	for {
		next, _ := slices.BinarySearchFunc(t.unsorted, start, func(each jsonObject, start int) int { return each.start - start })
		if next == len(t.unsorted) || t.unsorted[next].start >= end {
			break
		}
		object := t.unsorted[next]
		_, _ = w.Write(t.bytes[start : object.start+1])
		for i, member := range t.sorted[object.first:object.last] {
			if i > 0 {
				_, _ = w.Write(comma)
			}
			t.writePart(w, member.start, member.end)
		}
		start = object.end - 1
	}
	_, _ = w.Write(t.bytes[start:end])
}

var comma = []byte{','}
