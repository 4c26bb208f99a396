package httpmw

import (
	"net/http"
	"strings"
)

func contentType(r *http.Request) string {
	if values := r.Header["Content-Type"]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// isJSON reports whether the type is application/json or has the suffix +json
// (RFC 6839).
func isJSON(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = trimBlanks(name)
	return strings.EqualFold(name, "application/json") ||
		len(name) > 5 && strings.EqualFold(name[len(name)-5:], "+json")
}

func isEventStream(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(name), "text/event-stream")
}

// appendMediaType appends a media type in one spelling: the case of the type and
// of parameter names and the spaces between parameters have no meaning (RFC 9110,
// section 8.3.1).
func appendMediaType(buffer []byte, value string) []byte {
	name, parameters, _ := strings.Cut(value, ";")
	buffer = appendLower(buffer, name)
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(trimBlanks(parameter), "=")
		if name != "" {
			buffer = appendLower(append(buffer, ';'), name)
			buffer = append(append(buffer, '='), value...)
		}
	}
	return buffer
}
