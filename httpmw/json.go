package httpmw

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/oncewire/idempotency"
)

// deepest is how many arrays and objects may be inside each other in a body
// that is brought into canonical form.
const deepest = 100

// mostForms is the most memory, in bytes, that one canonical form leaves for
// the next. It is held only while a form is made, which waits for nothing.
const mostForms = 2 << 20

// isJSON knows application/json and every type with the suffix (RFC 6839).
func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.Trim(kind, " \t")
	return strings.EqualFold(kind, "application/json") ||
		len(kind) > 5 && strings.EqualFold(kind[len(kind)-5:], "+json")
}

// jsonForm is the canonical form of a body: the value without white space, with
// sorted members and with one way to escape a character. Numbers stay as they
// were written, since a reader may tell 1 from 1.0, unless they are wanted by
// their value. A body that may mean different things to different readers, or
// that costs too much to read, has no canonical form.
type jsonForm struct {
	body    []byte // is valid JSON
	at      int    // where to read on
	byValue bool   // numbers

	text    []byte       // the form, but for the order of members
	members []jsonMember // of the objects that are being read
	names   []byte       // that were escaped in the body
	objects []jsonObject // that are not in order in the text
	sorted  []jsonMember // of these
	digest  hash.Hash
}

// jsonMember is a member of an object.
type jsonMember struct {
	name       []byte // without escapes
	start, end int    // of name and value in the text
}

// jsonObject has its members in another order than they have in the text.
type jsonObject struct {
	start, end  int // where the braces are in the text
	first, last int // of the members
}

var jsonForms = sync.Pool{New: func() any { return &jsonForm{digest: sha256.New()} }}

// fingerprintJSON digests what is before the body and the canonical form of the
// body. It returns false for a body that has none.
func fingerprintJSON(algorithm idempotency.Algorithm, before, body []byte) (made idempotency.Fingerprint, ok bool) {
	form := jsonForms.Get().(*jsonForm) //nolint:forcetypeassert // the pool has no other
	defer form.free()
	if !form.read(body, algorithm == idempotency.AlgorithmHTTPJSONNumbers) {
		return made, false
	}
	form.digest.Reset()
	form.digest.Write(before)
	form.write(form.digest, 0, len(form.text))
	made[0] = byte(algorithm)
	copy(made[1:], form.digest.Sum(form.text[:0]))
	return made, true
}

func (f *jsonForm) free() {
	const member, object = 40, 32 // bytes
	held := cap(f.text) + cap(f.names) + member*(cap(f.members)+cap(f.sorted)) + object*cap(f.objects)
	if held > mostForms {
		return
	}
	clear(f.members) // which the pool must not keep the body for
	clear(f.sorted)
	f.body, f.at, f.text, f.names = nil, 0, f.text[:0], f.names[:0]
	f.members, f.sorted, f.objects = f.members[:0], f.sorted[:0], f.objects[:0]
	jsonForms.Put(f)
}

// read makes the text. It refuses U+FFFD, which a decoder has in the place of
// what was no character, so that it may have been anything.
func (f *jsonForm) read(body []byte, byValue bool) bool {
	if !utf8.Valid(body) || bytes.Contains(body, []byte("\ufffd")) || !json.Valid(body) {
		return false
	}
	// An escape takes two bytes at least, and never more than six in the text.
	most := sha256.Size + len(body) + 4*bytes.Count(body, []byte{'\\'})
	if cap(f.text) < most {
		f.text = make([]byte, 0, most)
	}
	f.body, f.byValue = body, byValue
	if !f.value(0) {
		return false
	}
	slices.SortFunc(f.objects, func(a, b jsonObject) int { return a.start - b.start })
	return true
}

// next skips white space, and returns the byte after it.
func (f *jsonForm) next() byte {
	for f.body[f.at] <= ' ' {
		f.at++
	}
	return f.body[f.at]
}

func (f *jsonForm) value(depth int) bool {
	switch f.next() {
	case '{':
		return depth < deepest && f.object(depth+1)
	case '[':
		return depth < deepest && f.array(depth+1)
	case '"':
		return f.string()
	}
	start := f.at
	for f.at < len(f.body) && !endsWord(f.body[f.at]) {
		f.at++
	}
	word := f.body[start:f.at]
	if f.byValue && word[0] < 'a' {
		f.text = appendNumber(f.text, word)
	} else {
		f.text = append(f.text, word...)
	}
	return true
}

func endsWord(c byte) bool { return c <= ' ' || c == ',' || c == ']' || c == '}' }

func (f *jsonForm) array(depth int) bool {
	for open := byte('['); ; open = ',' {
		f.at++
		if open == '[' && f.next() == ']' {
			f.text = append(f.text, '[')
			break
		}
		f.text = append(f.text, open)
		if !f.value(depth) {
			return false
		}
		if f.next() == ']' {
			break
		}
	}
	f.at++
	f.text = append(f.text, ']')
	return true
}

func (f *jsonForm) object(depth int) bool {
	f.at++
	object := jsonObject{start: len(f.text)}
	f.text = append(f.text, '{')
	base := len(f.members)
	for f.next() != '}' {
		if f.body[f.at] == ',' {
			f.at++
			f.text = append(f.text, ',')
		}
		if !f.member(depth) {
			return false
		}
	}
	f.at++
	object.end = len(f.text)
	f.text = append(f.text, '}')
	return f.order(object, base)
}

func (f *jsonForm) member(depth int) (ok bool) {
	f.next()
	read := jsonMember{start: len(f.text)}
	if read.name, ok = f.name(); !ok {
		return false
	}
	f.next()
	f.at++ // the colon
	f.text = append(f.text, ':')
	if !f.value(depth) {
		return false
	}
	read.end = len(f.text)
	f.members = append(f.members, read)
	return true
}

// order ends an object whose members are those from base on. It returns false
// when a member is there twice.
func (f *jsonForm) order(object jsonObject, base int) bool {
	members := f.members[base:]
	if !inOrder(members) {
		object.first = len(f.sorted)
		f.sorted = append(f.sorted, members...)
		object.last = len(f.sorted)
		f.objects = append(f.objects, object)
		members = f.sorted[object.first:]
		slices.SortFunc(members, func(a, b jsonMember) int { return bytes.Compare(a.name, b.name) })
		if !inOrder(members) {
			return false
		}
	}
	clear(f.members[base:])
	f.members = f.members[:base]
	return true
}

// inOrder is false when there are two of one name.
func inOrder(members []jsonMember) bool {
	for i := 1; i < len(members); i++ {
		if bytes.Compare(members[i-1].name, members[i].name) >= 0 {
			return false
		}
	}
	return true
}

// write writes a part of the text with all members in order. Each byte is
// written once, whatever is inside of what.
func (f *jsonForm) write(to io.Writer, start, end int) {
	for {
		at, _ := slices.BinarySearchFunc(f.objects, start, func(each jsonObject, start int) int { return each.start - start })
		if at == len(f.objects) || f.objects[at].start >= end {
			break
		}
		object := f.objects[at]
		_, _ = to.Write(f.text[start : object.start+1])
		for i, each := range f.sorted[object.first:object.last] {
			if i > 0 {
				_, _ = to.Write(comma)
			}
			f.write(to, each.start, each.end)
		}
		start = object.end
	}
	_, _ = to.Write(f.text[start:end])
}

var comma = []byte{','}
