package httpmw

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// canonicalJSON returns the form that fingerprintJSON digests.
func canonicalJSON(body []byte, byValue bool) ([]byte, bool) {
	var form jsonForm
	if !form.read(body, byValue) {
		return nil, false
	}
	var canonical bytes.Buffer
	form.text.writeTo(&canonical)
	return canonical.Bytes(), true
}

func TestCanonicalJSON(t *testing.T) {
	tests := map[string]struct {
		in   string
		want string // "" for no canonical form
	}{
		"scalars":            {` [ null , true,false, "a" ,1 ] `, `[null,true,false,"a",1]`},
		"empty":              {`{ "a" : { } , "b" : [ ] }`, `{"a":{},"b":[]}`},
		"members":            {`{"b":{"d":1,"c":2},"a":[{"z":1,"y":2}]}`, `{"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}}`},
		"numbers":            {`[1, 1.0, 1e0, -0, 12345678901234567890123]`, `[1,1.0,1e0,-0,12345678901234567890123]`},
		"order of names":     {`{"a":0,"\"":1,"\\":2,"\u0001":3,"A":4,"":5,"aa":6}`, `{"":5,"\u0001":3,"\"":1,"A":4,"\\":2,"a":0,"aa":6}`},
		"reversed in both":   {`{"b":{"z":[{"y":1,"x":2}],"a":3},"a":{}}`, `{"a":{},"b":{"a":3,"z":[{"x":2,"y":1}]}}`},
		"escapes":            {`["\u0041\/\n\"\\ä\u00e4\ud83d\ude00\u007f"]`, "[\"A/\\u000a\\\"\\\\ää😀\x7f\"]"},
		"HTML":               {`["<&>\u2028"]`, "[\"<&>\u2028\"]"},
		"member twice":       {`{"a":1,"b":2,"a":1}`, ""},
		"escaped twice":      {`{"a":1,"\u0061":1}`, ""},
		"lone surrogate":     {`["\ud800"]`, ""},
		"replacement":        {`["\ufffd"]`, ""},
		"surrogate in names": {`{"\udc00":1}`, ""},
		"invalid UTF-8":      {"[\"\xff\"]", ""},
		"two values":         {`{} {}`, ""},
		"nothing":            {``, ""},
		"open":               {`[1,`, ""},
		"trailing comma":     {`[1,]`, ""},
		"deepest":            {strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("[", 100) + strings.Repeat("]", 100)},
		"too deep":           {strings.Repeat("[", 101) + strings.Repeat("]", 101), ""},
		"too deep in names":  {strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := canonicalJSON([]byte(test.in), false)
			if string(got) != test.want || ok != (test.want != "") {
				t.Fatalf("got %q, %t, want %q", got, ok, test.want)
			}
		})
	}
}

// The canonical form of a canonical form is the same, it means the same as the body,
// and a body that Go has decoded and encoded again has the same form.
func FuzzCanonicalJSON(f *testing.F) {
	for _, seed := range []string{
		`{"b":{"d":1,"c":2},"a":[{"z":1e3,"y":-0.0}]}`, `["\u0041\/\n\"\\ä\ud83d\ude00<&>"]`, ` 12345678901234567890 `,
		`{"a":{},"":[],"\u0000":null}`, `{"a":1,"a":2}`, `"\ud800"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		canonical, ok := canonicalJSON(body, false)
		if !ok {
			return
		}
		if again, ok := canonicalJSON(canonical, false); !ok || !bytes.Equal(again, canonical) {
			t.Fatalf("%q became %q", canonical, again)
		}
		byValue, ok := canonicalJSON(body, true)
		if again, _ := canonicalJSON(canonical, true); !ok || !bytes.Equal(again, byValue) {
			t.Fatalf("with numbers by value, %q has the form %q, and its other form %q", body, byValue, again)
		}
		if again, ok := canonicalJSON(byValue, true); !ok || !bytes.Equal(again, byValue) {
			t.Fatalf("%q became %q", byValue, again)
		}
		value := decode(t, body)
		if !reflect.DeepEqual(decode(t, canonical), value) {
			t.Fatalf("%q has the form %q, which means something else", body, canonical)
		}
		reordered, err := json.MarshalIndent(value, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := canonicalJSON(reordered, false); !ok || !bytes.Equal(other, canonical) {
			t.Fatalf("%q has the form %q, and reordered %q", body, canonical, other)
		}
	})
}

// decode leaves numbers as they are written, so that different ones stay different.
func decode(t *testing.T, body []byte) (value any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
