package outcome

// Numbers of message HttpOutcome.
const (
	httpStatus   = 1
	httpHeaders  = 2
	httpBody     = 3
	httpTrailers = 4
)

// HTTP is the answer to an HTTP request, to be written.
type HTTP struct {
	Status   int
	Headers  []Change
	Body     []byte
	Trailers []Change
}

// Marshal serializes the answer.
func (h *HTTP) Marshal() []byte {
	size := sizeVarint(httpStatus, uint64(h.Status)) +
		sizeChanges(httpHeaders, h.Headers) +
		sizeBytes(httpBody, len(h.Body)) +
		sizeChanges(httpTrailers, h.Trailers)
	buffer := newOutcome(outcomeHTTP, size)
	buffer = appendVarint(buffer, httpStatus, uint64(h.Status))
	buffer = appendChanges(buffer, httpHeaders, h.Headers)
	buffer = appendBytes(buffer, httpBody, h.Body)
	return appendChanges(buffer, httpTrailers, h.Trailers)
}

// StoredHTTP is the answer to an HTTP request, as it was stored. Its bytes
// must not be changed.
type StoredHTTP struct {
	Status   int
	Headers  Fields
	Body     []byte
	Trailers Fields
}

// ReadHTTP reads what HTTP.Marshal wrote. The error wraps ErrFormat.
func ReadHTTP(raw []byte) (StoredHTTP, error) {
	message, err := open(raw, outcomeHTTP)
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
