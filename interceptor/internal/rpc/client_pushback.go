package rpc

import (
	"strconv"
	"time"
)

// PushbackField is the trailer by which a server says when to retry (gRPC A6), in
// milliseconds.
const PushbackField = "grpc-retry-pushback-ms"

// pushback reads the values of the field. A negative one, one that is no number,
// and several ones mean that there must be no retry.
func pushback(values []string) (delay time.Duration, again bool) {
	if len(values) != 1 {
		return 0, false
	}
	milliseconds, err := strconv.ParseInt(values[0], 10, 32)
	if err != nil || milliseconds < 0 {
		return 0, false
	}
	return time.Duration(milliseconds) * time.Millisecond, true
}
