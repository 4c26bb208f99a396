package httpmw

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string and writes it into the text. It returns false for one
// whose characters are not certain.
func (f *jsonForm) string() bool {
	f.at++
	f.text = append(f.text, '"')
	for f.text = append(f.text, f.run()...); f.body[f.at] == '\\'; f.text = append(f.text, f.run()...) {
		r, ok := f.escape()
		if !ok {
			return false
		}
		f.text = appendCharacter(f.text, r)
	}
	f.at++
	f.text = append(f.text, '"')
	return true
}

// name reads a string in the same way, and returns it without escapes.
func (f *jsonForm) name() (plain []byte, ok bool) {
	start := f.at
	if !f.string() {
		return nil, false
	}
	end := f.at
	f.at = start + 1
	if plain = f.run(); f.at < end-1 {
		mark := len(f.names)
		for f.names = append(f.names, plain...); f.at < end-1; f.names = append(f.names, f.run()...) {
			r, _ := f.escape()
			f.names = utf8.AppendRune(f.names, r)
		}
		plain = f.names[mark:len(f.names):len(f.names)]
	}
	f.at = end
	return plain, true
}

// run reads up to the next escape, or to the end of the string.
func (f *jsonForm) run() []byte {
	start := f.at
	for f.body[f.at] != '"' && f.body[f.at] != '\\' {
		f.at++
	}
	return f.body[start:f.at]
}

// escape reads the character behind a backslash.
func (f *jsonForm) escape() (r rune, ok bool) {
	c := f.body[f.at+1]
	f.at += 2
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
		return f.unicode()
	default: // stands for itself
		return rune(c), true
	}
}

// unicode reads four digits, and as many again for the second half of a
// character. It refuses halves that stand alone.
func (f *jsonForm) unicode() (r rune, ok bool) {
	r = f.digits()
	if utf16.IsSurrogate(r) {
		if f.body[f.at] != '\\' || f.body[f.at+1] != 'u' {
			return r, false
		}
		f.at += 2
		r = utf16.DecodeRune(r, f.digits())
	}
	return r, r != utf8.RuneError
}

// digits reads the four that valid JSON has here.
func (f *jsonForm) digits() rune {
	r, _ := strconv.ParseUint(string(f.body[f.at:f.at+4]), 16, 16)
	f.at += 4
	return rune(r)
}

func appendCharacter(buffer []byte, r rune) []byte {
	switch {
	case r < ' ':
		return append(buffer, '\\', 'u', '0', '0', '0'+byte(r)>>4, "0123456789abcdef"[r&0xf])
	case r == '"' || r == '\\':
		return append(buffer, '\\', byte(r))
	default:
		return utf8.AppendRune(buffer, r)
	}
}
