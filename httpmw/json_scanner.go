package httpmw

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads a body that is valid JSON.
type jsonScanner struct {
	body []byte
	at   int // the next byte
}

// next skips white space, and returns the byte after it.
func (s *jsonScanner) next() byte {
	for s.body[s.at] <= ' ' {
		s.at++
	}
	return s.body[s.at]
}

// is reports whether the next byte is this one.
func (s *jsonScanner) is(c byte) bool { return s.body[s.at] == c }

// word reads a number, true, false or null.
func (s *jsonScanner) word() []byte {
	start := s.at
	for s.at < len(s.body) && !endsWord(s.body[s.at]) {
		s.at++
	}
	return s.body[start:s.at]
}

func endsWord(c byte) bool { return c <= ' ' || c == ',' || c == ']' || c == '}' }

// appendString reads a string and appends its canonical form. It returns false
// if the string has an escape that is not a valid character.
func (s *jsonScanner) appendString(text []byte) ([]byte, bool) {
	s.at++
	text = append(text, '"')
	for text = append(text, s.plain()...); s.is('\\'); text = append(text, s.plain()...) {
		r, ok := s.escape()
		if !ok {
			return text, false
		}
		text = appendCharacter(text, r)
	}
	s.at++
	return append(text, '"'), true
}

// name returns the string between start and here without escapes. If it has any,
// the name is appended to the buffer, which is returned too.
func (s *jsonScanner) name(start int, buffer []byte) (name, grown []byte) {
	again := jsonScanner{body: s.body[:s.at], at: start + 1}
	name = again.plain()
	if again.is('"') {
		return name, buffer
	}
	first := len(buffer)
	for buffer = append(buffer, name...); again.is('\\'); buffer = append(buffer, again.plain()...) {
		r, _ := again.escape()
		buffer = utf8.AppendRune(buffer, r)
	}
	return buffer[first:len(buffer):len(buffer)], buffer
}

// plain reads to the next escape or to the end of the string.
func (s *jsonScanner) plain() []byte {
	start := s.at
	for s.body[s.at] != '"' && s.body[s.at] != '\\' {
		s.at++
	}
	return s.body[start:s.at]
}

// escape reads an escaped character.
func (s *jsonScanner) escape() (r rune, ok bool) {
	c := s.body[s.at+1]
	s.at += 2
	switch c {
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		return s.unicode()
	default:
		return rune(c), true
	}
}

// unicode reads four hexadecimal digits, and the second half of a surrogate pair
// after them. It returns false for half a pair.
func (s *jsonScanner) unicode() (r rune, ok bool) {
	r = s.digits()
	if utf16.IsSurrogate(r) {
		if s.body[s.at] != '\\' || s.body[s.at+1] != 'u' {
			return r, false
		}
		s.at += 2
		r = utf16.DecodeRune(r, s.digits())
	}
	return r, r != utf8.RuneError
}

func (s *jsonScanner) digits() rune {
	r, _ := strconv.ParseUint(string(s.body[s.at:s.at+4]), 16, 16)
	s.at += 4
	return rune(r)
}

func appendCharacter(text []byte, r rune) []byte {
	switch {
	case r < ' ':
		return append(text, '\\', 'u', '0', '0', '0'+byte(r)>>4, "0123456789abcdef"[r&0xf])
	case r == '"' || r == '\\':
		return append(text, '\\', byte(r))
	default:
		return utf8.AppendRune(text, r)
	}
}
