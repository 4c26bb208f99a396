package httpmw_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// formPart is a part of a form.
type formPart struct {
	header  textproto.MIMEHeader
	content string
}

func field(name, content string) formPart {
	return formPart{textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"`}}, content}
}

func file(name, fileName, kind, content string) formPart {
	return formPart{textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="` + name + `"; filename="` + fileName + `"`}, "Content-Type": {kind},
	}, content}
}

// form returns the parts as Go's writer sends them, with a new boundary for
// every attempt.
func form(t testing.TB, parts ...formPart) message {
	t.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for _, part := range parts {
		w, err := writer.CreatePart(part.header)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, part.content)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return message{"/", writer.FormDataContentType(), "", body.String()}
}

func TestMultipartRetry(t *testing.T) {
	photo := file("photo", "cat.png", "image/png", "\x00\r\n--\r\n\xff")
	tests := map[string]struct {
		first, again []formPart
		same         bool
	}{
		"same":        {[]formPart{field("a", "1"), photo}, []formPart{field("a", "1"), photo}, true},
		"no parts":    {nil, nil, true},
		"empty parts": {[]formPart{field("a", ""), field("b", "")}, []formPart{field("a", ""), field("b", "")}, true},
		"no header":   {[]formPart{{nil, "1"}}, []formPart{{nil, "1"}}, true},
		"content":     {[]formPart{field("a", "1"), photo}, []formPart{field("a", "2"), photo}, false},
		"name":        {[]formPart{field("a", "1")}, []formPart{field("b", "1")}, false},
		"file name":   {[]formPart{photo}, []formPart{file("photo", "dog.png", "image/png", photo.content)}, false},
		"type":        {[]formPart{photo}, []formPart{file("photo", "cat.png", "image/gif", photo.content)}, false},
		"order":       {[]formPart{field("a", "1"), field("a", "2")}, []formPart{field("a", "2"), field("a", "1")}, false},
		"one more":    {[]formPart{field("a", "1")}, []formPart{field("a", "1"), field("a", "")}, false},
		"none":        {[]formPart{field("a", "1")}, nil, false},
		"header moved into the content": {
			[]formPart{{textproto.MIMEHeader{"A": {"1"}}, "x"}}, []formPart{{nil, "A: 1\r\n\r\nx"}}, false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(ok)
			guarded := newGuard(t, newEngine(t)).Wrap(handler)
			form(t, test.first...).send(guarded).is(t, http.StatusOK, "done", false)
			wantSame(t, form(t, test.again...).send(guarded), test.same)
			handler.ran(t, 1)
		})
	}
}

const oneField = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n"

// TestMultipartForms: variations that RFC 2046 allows do not matter, and a body that
// is not well-formed is compared as bytes.
func TestMultipartForms(t *testing.T) {
	const base = "multipart/form-data; boundary=B"
	deep := strings.ReplaceAll(oneField, "\r\n1\r\n", "\r\n--C\r\n\r\n1\r\n--C--\r\n\r\n")
	tests := map[string]struct {
		kind, body           string
		againKind, againBody string
		same                 bool
	}{
		"boundary":                       {base, oneField, "multipart/form-data; boundary=XY", strings.ReplaceAll(oneField, "--B", "--XY"), true},
		"quoted boundary":                {base, oneField, `Multipart/Form-Data;boundary="XY"`, strings.ReplaceAll(oneField, "--B", "--XY"), true},
		"mixed":                          {"multipart/mixed; boundary=B", oneField, "multipart/mixed; boundary=C", strings.ReplaceAll(oneField, "--B", "--C"), true},
		"other type":                     {base, oneField, "multipart/mixed; boundary=B", oneField, false},
		"other parameter":                {base, oneField, base + "; charset=utf-8", oneField, false},
		"order of parameters":            {base + "; a=1; b=2", oneField, "multipart/form-data; b=2; boundary=B; a=1", oneField, true},
		"case of part names":             {base, oneField, base, strings.Replace(oneField, "Content-Disposition: ", "content-disposition:", 1), true},
		"no last line break":             {base, oneField, base, strings.TrimSuffix(oneField, "\r\n"), true},
		"first line break":               {base, oneField, base, "\r\n" + oneField, true},
		"preamble":                       {base, oneField, base, "text\r\n" + oneField, false},
		"epilogue":                       {base, oneField, base, oneField + "text", false},
		"padding":                        {base, oneField, base, strings.Replace(oneField, "--B\r\n", "--B \r\n", 1), false},
		"line feeds":                     {base, oneField, base, strings.ReplaceAll(oneField, "\r\n", "\n"), false},
		"not ended":                      {base, oneField, base, strings.TrimSuffix(oneField, "--\r\n"), false},
		"folded header":                  {base, oneField, base, strings.Replace(oneField, "; name", ";\r\n name", 1), false},
		"line feed in header":            {base, oneField, base, strings.Replace(oneField, "; name", ";\n name", 1), false},
		"no boundary":                    {base, oneField, "multipart/form-data", oneField, false},
		"missing boundary twice":         {"multipart/form-data", oneField, "multipart/form-data", oneField, true},
		"other boundary than the body's": {"multipart/form-data; boundary=X", oneField, "multipart/form-data; boundary=Y", oneField, false},
		"malformed twice":                {base, "text", base, "text", true},
		"malformed, other":               {base, "text", base, "test", false},
		"malformed, then not":            {base, oneField + "x", base, oneField, false},
		"malformed, other boundary":      {base, "--B\r\n", "multipart/form-data; boundary=C", "--C\r\n", false},
		"nested, same":                   {base, deep, "multipart/form-data; boundary=X", strings.ReplaceAll(deep, "--B", "--X"), true},
		"nested, new boundary inside":    {base, deep, base, strings.ReplaceAll(deep, "--C", "--D"), false},
		"delimiter within a line": {
			base, "--B\r\n\r\n1\r\n--B\r\n\r\n2\r\n--B--", base, "--B\r\n\r\n1--B\r\n\r\n2\r\n--B--", false,
		},
		// A reader that takes a bare line feed for a line break would see two
		// parts in the first body and one in the second.
		"boundary in the content": {
			base, strings.Replace(oneField, "\r\n1", "\r\n1\n--B\n\nx", 1),
			"multipart/form-data; boundary=C", strings.NewReplacer("--B\r\n", "--C\r\n", "--B--", "--C--").
				Replace(strings.Replace(oneField, "\r\n1", "\r\n1\n--B\n\nx", 1)), false,
		},
		"too many parts": {
			base, strings.Repeat("--B\r\n\r\n1\r\n", 1001) + "--B--\r\n",
			"multipart/form-data; boundary=C", strings.Repeat("--C\r\n\r\n1\r\n", 1001) + "--C--\r\n", false,
		},
		"many parts": {
			base, strings.Repeat("--B\r\n\r\n1\r\n", 1000) + "--B--\r\n",
			"multipart/form-data; boundary=C", strings.Repeat("--C\r\n\r\n1\r\n", 1000) + "--C--\r\n", true,
		},
		"large header": {
			base, "--B\r\nA: " + strings.Repeat("x", 9000) + "\r\n\r\n1\r\n--B--",
			"multipart/form-data; boundary=C", "--C\r\nA: " + strings.Repeat("x", 9000) + "\r\n\r\n1\r\n--C--", false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
			message{"/", test.kind, "", test.body}.send(guarded).is(t, http.StatusOK, "done", false)
			wantSame(t, message{"/", test.againKind, "", test.againBody}.send(guarded), test.same)
		})
	}
}

// TestMultipartHandler: the handler reads the form that the client sent.
func TestMultipartHandler(t *testing.T) {
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			server := start(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				upload, header, err := r.FormFile("photo")
				if err != nil {
					t.Error(err)
					return
				}
				content, _ := io.ReadAll(upload)
				fmt.Fprint(w, header.Filename, len(content), r.FormValue("a"))
			})))
			content := strings.Repeat("\x00\r\n--", 100_000)
			for _, replayed := range []bool{false, true} {
				sent := form(t, field("a", "1"), file("photo", "cat.png", "image/png", content))
				request := server.request(key, strings.NewReader(sent.body))
				request.Header.Set("Content-Type", sent.contentType)
				server.send(request).is(t, http.StatusOK, "cat.png5000001", replayed)
			}
		})
	}
}

// TestMultipartByCurl: curl chooses a new boundary for every attempt.
func TestMultipartByCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("no curl here")
	}
	var boundaries sync.Map
	handler := count(func(w http.ResponseWriter, r *http.Request) {
		_, header, err := r.FormFile("photo")
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(w, header.Filename)
	})
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	server := startHTTP1(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		boundaries.Store(r.Header.Get("Content-Type"), true)
		guarded.ServeHTTP(w, r)
	}))
	name := filepath.Join(t.TempDir(), "cat.png")
	if err := os.WriteFile(name, bytes.Repeat([]byte("\x89PNG\r\n"), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(amount string) string {
		output, err := exec.CommandContext(t.Context(), curl, "-sS", "-w", " %{http_code} %header{idempotent-replayed}",
			"-H", "Idempotency-Key: "+key, "-F", "amount="+amount, "-F", "photo=@"+name, server.URL+"/v1/payments").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		return string(output)
	}
	for _, want := range []string{"cat.png 200 ", "cat.png 200 true"} {
		if got := send("1250"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := send("1251"); !strings.Contains(got, string(idempotency.ReasonKeyReused)) {
		t.Errorf("another form got %q", got)
	}
	seen := 0
	boundaries.Range(func(any, any) bool { seen++; return true })
	if seen != 3 {
		t.Errorf("%d boundaries were seen: the test proves nothing", seen)
	}
	handler.ran(t, 1)
}

// TestMultipartRecordOfBytes: the record of a body that is not well-formed does not
// match a body that is, and the other way round.
func TestMultipartRecordOfBytes(t *testing.T) {
	well := form(t, field("a", "1"))
	ill := message{well.target, well.contentType, "", well.body + "x"}
	for name, order := range map[string][2]message{"well-formed first": {well, ill}, "malformed first": {ill, well}} {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
			order[0].send(guarded).is(t, http.StatusOK, "done", false)
			order[1].send(guarded).refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
			order[0].send(guarded).is(t, http.StatusOK, "done", true)
		})
	}
}

// FuzzMultipart: any body has a fingerprint, and matches itself.
func FuzzMultipart(f *testing.F) {
	f.Add("B", oneField)
	f.Add("B", "\r\n--B--")
	f.Add("-", "-----\r\n\r\n--")
	f.Fuzz(func(t *testing.T, boundary, body string) {
		kind := `multipart/form-data; boundary="` + boundary + `"`
		sent := message{"/", kind, "", body}
		guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
		sent.send(guarded).is(t, http.StatusOK, "done", false)
		sent.send(guarded).is(t, http.StatusOK, "done", true)
		other := sent
		other.body += "x"
		other.send(guarded).refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
	})
}

// BenchmarkFingerprint compares a form with the same bytes under another content
// type. It replays, which takes little more time than the fingerprint.
func BenchmarkFingerprint(b *testing.B) {
	content := strings.Repeat("\x89PNG\r\n-", 130_000)
	sent := form(b, field("a", "1"), file("photo", "cat.png", "image/png", content))
	small := strings.Repeat("--B\r\nA: b\r\n\r\n1\r\n", 1000) + "--B--"
	for name, each := range map[string]message{
		"bytes":      {"/", "application/octet-stream", "", sent.body},
		"multipart":  sent,
		"1000 parts": {"/", "multipart/form-data; boundary=B", "", small},
	} {
		b.Run(name, func(b *testing.B) {
			guarded := newGuard(b, newEngine(b), httpmw.WithMaxRequest(2<<20)).Wrap(http.HandlerFunc(ok))
			request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", nil)
			request.Header = http.Header{"Idempotency-Key": {key}, "Content-Type": {each.contentType}}
			request.ContentLength = int64(len(each.body))
			writer := sink{http.Header{}}
			b.SetBytes(int64(len(each.body)))
			b.ReportAllocs()
			for b.Loop() {
				request.Body = io.NopCloser(strings.NewReader(each.body))
				guarded.ServeHTTP(&writer, request)
			}
		})
	}
}
