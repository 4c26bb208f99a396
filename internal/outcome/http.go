package outcome

// HTTP is the answer to an HTTP request, in the form to write.
type HTTP struct {
	Status   int
	Headers  []Change
	Body     []byte
	Trailers []Change
}

// Marshal returns the stored form of the answer.
func (h *HTTP) Marshal() []byte {
	size := sizeVarint(httpStatus, uint64(h.Status)) +
		sizeChanges(httpHeaders, h.Headers) +
		sizeBytes(httpBody, len(h.Body)) +
		sizeChanges(httpTrailers, h.Trailers)
	buffer := newEnvelope(outcomeHTTP, size)
	buffer = appendVarint(buffer, httpStatus, uint64(h.Status))
	buffer = appendChanges(buffer, httpHeaders, h.Headers)
	buffer = appendBytes(buffer, httpBody, h.Body)
	return appendChanges(buffer, httpTrailers, h.Trailers)
}

// StoredHTTP is the answer to an HTTP request, in its stored form. Its bytes must not
// be changed.
type StoredHTTP struct {
	Status   int
	Headers  Fields
	Body     []byte
	Trailers Fields
}

// ReadHTTP reads what [HTTP.Marshal] wrote. Every error wraps [ErrFormat].
func ReadHTTP(raw []byte) (StoredHTTP, error) {
	content, err := readEnvelope(raw, outcomeHTTP)
	if err != nil {
		return StoredHTTP{}, err
	}
	stored := StoredHTTP{
		Headers:  Fields{message: content.message, number: httpHeaders},
		Trailers: Fields{message: content.message, number: httpTrailers},
	}
	for content.next() && content.err == nil {
		switch content.number {
		case httpStatus:
			stored.Status = int(content.varint)
		case httpHeaders:
			content.err = stored.Headers.count(content.bytes())
		case httpBody:
			stored.Body = content.bytes()
		case httpTrailers:
			content.err = stored.Trailers.count(content.bytes())
		}
	}
	if content.err == nil && (stored.Status < 200 || stored.Status > 999) {
		content.err = ErrFormat
	}
	return stored, content.err
}
