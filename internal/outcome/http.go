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
	message, err := readEnvelope(raw, outcomeHTTP)
	if err != nil {
		return StoredHTTP{}, err
	}
	stored := StoredHTTP{
		Headers:  Fields{message: message.message, number: httpHeaders},
		Trailers: Fields{message: message.message, number: httpTrailers},
	}
	for message.next() && message.err == nil {
		switch message.number {
		case httpStatus:
			stored.Status = int(message.varint)
		case httpHeaders:
			message.err = stored.Headers.count(message.bytes())
		case httpBody:
			stored.Body = message.bytes()
		case httpTrailers:
			message.err = stored.Trailers.count(message.bytes())
		}
	}
	if message.err == nil && (stored.Status < 200 || stored.Status > 999) {
		message.err = ErrFormat
	}
	return stored, message.err
}
