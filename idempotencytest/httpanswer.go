package idempotencytest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
)

// httpAnswer is an answer over HTTP whose body was read.
type httpAnswer struct {
	response *http.Response
	body     []byte
}

var errNoResponse = errors.New("neither a response nor an error")

// readAnswer reads the body of a response. An error while it is read is one of the
// connection, as that of sending.
func readAnswer(response *http.Response, err error) (*httpAnswer, error) {
	if err != nil {
		return nil, err
	}
	if response == nil {
		return nil, errNoResponse
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &httpAnswer{response, body}, nil
}

// reread returns the response with its body unread.
func (a *httpAnswer) reread() *http.Response {
	if a == nil {
		return nil
	}
	a.response.Body = io.NopCloser(bytes.NewReader(a.body))
	return a.response
}

// String describes the answer in a failure.
func (a *httpAnswer) String() string { return fmt.Sprintf("%s %.200q", a.response.Status, a.body) }

// diff describes the first difference to another answer, except for fields with a
// canonical name in notCompared. It is empty if there is none.
func (a *httpAnswer) diff(b *httpAnswer, notCompared map[string]bool) string {
	switch {
	case a.response.StatusCode != b.response.StatusCode:
		return fmt.Sprintf("%v, want %v", b, a)
	case !bytes.Equal(a.body, b.body):
		return fmt.Sprintf("body %.500q, want %.500q", b.body, a.body)
	}
	if d := diffFields(a.response.Header, b.response.Header, notCompared); d != "" {
		return "header field " + d
	}
	if d := diffFields(a.response.Trailer, b.response.Trailer, notCompared); d != "" {
		return "trailer " + d
	}
	return ""
}

func diffFields(a, b http.Header, notCompared map[string]bool) string {
	all := maps.Clone(b)
	if all == nil {
		all = http.Header{}
	}
	maps.Copy(all, a)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !notCompared[http.CanonicalHeaderKey(name)] && !slices.Equal(a[name], b[name]) {
			return fmt.Sprintf("%s %q, want %q", name, b[name], a[name])
		}
	}
	return ""
}
