package idemvanguard

import (
	"net/http"
	"strings"
)

// Service returns the handler to give to Vanguard in place of the service's handler, in
// vanguard.NewService or vanguard.NewServiceWithSchema. It tells [Handler], which must be
// around Vanguard in the same process, which method is called, and keeps the replay marker of
// an error, which is in trailers that Vanguard drops. Without a [Handler], and for
// protocols other than REST, it has no effect.
func Service(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := callOf(r.Context())
		if call == nil {
			handler.ServeHTTP(w, r)
			return
		}
		call.reached(r)
		handler.ServeHTTP(w, r)
		if call.transcoded {
			call.keepMarker(w.Header())
		}
	})
}

// keepMarker copies the replay marker from the trailers into the header, which Vanguard
// has not sent yet: it waits for the end of the answer. connect-go writes the names of
// trailers in canonical form, grpc-go in lower case.
func (c *call) keepMarker(header http.Header) {
	for _, name := range []string{c.replayedField, strings.ToLower(c.replayedField)} {
		if header[http.TrailerPrefix+name] != nil {
			header[c.replayedField] = []string{"true"}
		}
	}
}
