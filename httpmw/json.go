package httpmw

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"hash"
	"sync"
	"unicode/utf8"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// maxDepth is how deep arrays and objects may be nested in a body that has a
// canonical form.
const maxDepth = 100

// maxPooledForm is how much memory, in bytes, a canonical form may leave in the
// pool. The memory is in use only while a form is made, which never blocks.
const maxPooledForm = 2 << 20

// jsonForm makes the canonical form of a JSON body: the value without white
// space, with sorted members, and with one way to escape a character. Numbers are
// written as in the body, since a reader may treat 1 and 1.0 differently, or by
// their value. A body has no canonical form if different readers may understand
// it differently, or if it takes too much work to read.
type jsonForm struct {
	scanner jsonScanner
	byValue bool // write numbers by their value
	text    jsonText
	members []jsonMember // of the objects that are not at their end yet
	names   []byte       // names that have escapes in the body, without these
	digest  hash.Hash
}

var jsonForms = sync.Pool{New: func() any { return &jsonForm{digest: sha256.New()} }}

// fingerprintJSON digests the prefix and the canonical form of the body. It
// returns false for a body that has none.
func fingerprintJSON(algorithm byte, prefix, body []byte) (made backend.Fingerprint, ok bool) {
	form := jsonForms.Get().(*jsonForm) //nolint:forcetypeassert // the pool has no other type
	defer form.free()
	if !form.read(body, algorithm == fingerprint.HTTPJSONNumbers) {
		return made, false
	}
	form.digest.Reset()
	form.digest.Write(prefix)
	form.text.writeTo(form.digest)
	made[0] = algorithm
	copy(made[1:], form.digest.Sum(form.text.bytes[:0]))
	return made, true
}

func (f *jsonForm) free() {
	if f.text.memory()+cap(f.names)+jsonMemberSize*cap(f.members) > maxPooledForm {
		return
	}
	clear(f.members) // they refer to the body
	f.scanner, f.names, f.members = jsonScanner{}, f.names[:0], f.members[:0]
	f.text.reset()
	jsonForms.Put(f)
}

// read makes the text. It rejects a body that contains U+FFFD: a decoder writes
// it in place of invalid characters, so the original character is unknown.
func (f *jsonForm) read(body []byte, byValue bool) bool {
	if !utf8.Valid(body) || bytes.Contains(body, []byte("\ufffd")) || !json.Valid(body) {
		return false
	}
	// An escape has at least two bytes in the body, and at most six in the text.
	f.text.grow(sha256.Size + len(body) + 4*bytes.Count(body, []byte{'\\'}))
	f.scanner.body, f.byValue = body, byValue
	return f.value(0)
}

func (f *jsonForm) value(depth int) bool {
	switch f.scanner.next() {
	case '{':
		return depth < maxDepth && f.object(depth+1)
	case '[':
		return depth < maxDepth && f.array(depth+1)
	case '"':
		return f.string()
	}
	word := f.scanner.word()
	if f.byValue && word[0] < 'a' {
		f.text.bytes = appendNumber(f.text.bytes, word)
	} else {
		f.text.bytes = append(f.text.bytes, word...)
	}
	return true
}

func (f *jsonForm) string() (ok bool) {
	f.text.bytes, ok = f.scanner.appendString(f.text.bytes)
	return ok
}

func (f *jsonForm) array(depth int) bool {
	for separator := byte('['); ; separator = ',' {
		f.scanner.at++
		f.text.append(separator)
		if separator == '[' && f.scanner.next() == ']' {
			break
		}
		if !f.value(depth) {
			return false
		}
		if f.scanner.next() == ']' {
			break
		}
	}
	f.scanner.at++
	f.text.append(']')
	return true
}

func (f *jsonForm) object(depth int) bool {
	f.scanner.at++
	start, outer := f.text.append('{'), len(f.members)
	for f.scanner.next() != '}' {
		if f.scanner.is(',') {
			f.scanner.at++
			f.text.append(',')
		}
		if !f.member(depth) {
			return false
		}
	}
	f.scanner.at++
	f.text.append('}')
	ok := f.text.order(start, f.members[outer:])
	clear(f.members[outer:])
	f.members = f.members[:outer]
	return ok
}

func (f *jsonForm) member(depth int) (ok bool) {
	f.scanner.next()
	member := jsonMember{start: len(f.text.bytes)}
	name := f.scanner.at
	if !f.string() {
		return false
	}
	member.name, f.names = f.scanner.name(name, f.names)
	f.scanner.next()
	f.scanner.at++ // the colon
	f.text.append(':')
	if !f.value(depth) {
		return false
	}
	member.end = len(f.text.bytes)
	f.members = append(f.members, member)
	return true
}
