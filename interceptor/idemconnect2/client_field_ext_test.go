package idemconnect2_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	bookingsv1connect "github.com/oncewire/idempotency/gen/bookings/v1/bookingsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	"github.com/oncewire/idempotency/internal/losstest"
)

// field returns the key in a message.
func field(message any) string {
	switch message := message.(type) {
	case *bookingsv1.CreateBookingRequest:
		return message.GetBookingKey()
	case *bookingsv1.CancelBookingRequest:
		return message.GetRequestId()
	default:
		return "no booking"
	}
}

func booking(key string) *bookingsv1.CreateBookingRequest {
	return &bookingsv1.CreateBookingRequest{Room: "7", BookingKey: key}
}

func canceling(key string) *bookingsv1.CancelBookingRequest {
	return &bookingsv1.CancelBookingRequest{Id: "7", RequestId: key}
}

// TestKeyFieldOfTheMessage: every try has the same key in both places, and the
// caller's message stays as it is.
func TestKeyFieldOfTheMessage(t *testing.T) {
	aip155, hedged := idemconnect2.WithRequestID(), idemconnect2.WithHedging(time.Second)
	for name, test := range map[string]struct {
		named, inHeader string // by the caller
		request         proto.Message
		options         []idemconnect2.ClientOption
		header, inside  string // "new" is any key
	}{
		"a new key":                  {"", "", booking(""), nil, "new", "new"},
		"a named key":                {"mine", "", booking(""), nil, "mine", "mine"},
		"the caller's in the field":  {"mine", "", booking("k"), nil, "k", "k"},
		"the caller's in the header": {"mine", "k", booking(""), nil, "k", "k"},
		"request_id":                 {"", "", canceling(""), []idemconnect2.ClientOption{aip155}, "new", "new"},
		"request_id of the caller":   {"mine", "", canceling("k"), []idemconnect2.ClientOption{aip155}, "k", "k"},
		"request_id without option":  {"mine", "", canceling("trace"), nil, "mine", "trace"},
		"hedging":                    {"", "", booking(""), []idemconnect2.ClientOption{hedged}, "new", "new"},
		"hedging, request_id":        {"mine", "", canceling(""), []idemconnect2.ClientOption{hedged, aip155}, "mine", "mine"},
	} {
		inBubble(t, name, func(t *testing.T) {
			before := field(test.request)
			headers, fields, mu := map[string]int{}, map[string]int{}, sync.Mutex{}
			w := &wire{steps: []step{func(ctx context.Context, tried try) (proto.Message, error) {
				mu.Lock()
				headers[tried.info.RequestHeader().Get(keyField)]++
				fields[field(tried.request)]++
				n := fields[field(tried.request)]
				mu.Unlock()
				switch {
				case n == 3:
					return nil, connect.NewError(connect.CodeNotFound, "no").WithRemote()
				case n == 1 && strings.HasPrefix(name, "hedging"):
					<-ctx.Done() // the second try is sent meanwhile
				}
				return nil, connect.NewError(connect.CodeUnavailable, "connection lost")
			}}}
			ctx, info := connect.NewClientContext(t.Context())
			if test.named != "" {
				ctx = idempotency.WithKey(ctx, test.named)
			}
			if test.inHeader != "" {
				info.RequestHeader().Set(keyField, test.inHeader)
			}
			spec := connect.Spec{Procedure: "/bookings.v1.BookingService/CreateBooking"}
			err := connect.NewClient(w, newClientInterceptor(t, test.options...)).CallUnary(ctx, spec, test.request, new(bookingsv1.CreateBookingResponse))
			if connect.CodeOf(err) != connect.CodeNotFound {
				t.Error(err)
			}
			for key := range headers {
				if test.header == "new" && len(key) == 36 {
					test.header, test.inside = key, key
				}
			}
			if !maps.Equal(headers, map[string]int{test.header: 3}) || !maps.Equal(fields, map[string]int{test.inside: 3}) {
				t.Errorf("headers %v, fields %v", headers, fields)
			}
			if after := field(test.request); after != before || info.RequestHeader().Get(keyField) != test.inHeader {
				t.Errorf("the caller has %q and %v", after, info.RequestHeader())
			}
		})
	}
}

// serveBookings serves bookings behind the guard and a middleware.
func serveBookings(t *testing.T, ledger *hotel, around func(http.Handler) http.Handler, rules idempotency.KeyRules) server {
	t.Helper()
	services := connect.NewServer(newGuard(t, newEngine(t, waiting, idempotency.WithKeyRules(rules))))
	bookingsv1connect.RegisterBookingServiceHandler(services, ledger)
	return serve(t, around(mounted(services)))
}

// withoutHeader removes the key from the header, as in front of a server that reads
// it in the message only.
func withoutHeader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del(keyField)
		next.ServeHTTP(w, r)
	})
}

// asSent is for a server that reads the key where the engine's rules say.
func asSent(next http.Handler) http.Handler { return next }

// loseTwo loses two of three replies after the server acted.
func loseTwo(tries *atomic.Int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1)%3 == 0 {
			next.ServeHTTP(w, r)
			return
		}
		losstest.Unsent(next, w, r)
		panic(http.ErrAbortHandler)
	})
}

// TestServersReadTheKeyInOnePlace: whether a server knows the field, the header, or
// both, a call whose first replies are lost has one effect.
func TestServersReadTheKeyInOnePlace(t *testing.T) {
	aip155, hedging := idempotency.KeyRules{RequestID: true}, []idemconnect2.ClientOption{idemconnect2.WithHedging(time.Millisecond)}
	for name, test := range map[string]struct {
		before   func(http.Handler) http.Handler
		rules    idempotency.KeyRules
		protocol string
		options  []idemconnect2.ClientOption
	}{
		"the field":           {withoutHeader, aip155, "connect proto", nil},
		"the field in JSON":   {withoutHeader, aip155, "connect json", nil},
		"the field, gRPC":     {withoutHeader, aip155, "grpc", nil},
		"the field, hedging":  {withoutHeader, aip155, "connect proto", hedging},
		"the header":          {asSent, idempotency.KeyRules{}, "connect proto", nil},
		"the header, hedging": {asSent, idempotency.KeyRules{}, "grpc", hedging},
		"both":                {asSent, aip155, "grpc-web", nil},
		"both, hedging":       {asSent, aip155, "connect json", hedging},
	} {
		t.Run(name, func(t *testing.T) {
			ledger, tries := new(hotel), new(atomic.Int64)
			server := serveBookings(t, ledger, func(next http.Handler) http.Handler { return loseTwo(tries, test.before(next)) }, test.rules)
			interceptor := newClientInterceptor(t, append(test.options, idemconnect2.WithRequestID(), idemconnect2.WithMaxAttempts(100), idemconnect2.WithBackoff(time.Millisecond, time.Millisecond))...)
			client := bookingsv1connect.NewBookingServiceClient(connect.NewClient(server.transport(protocols[test.protocol]...), interceptor))
			book, cancel := booking(""), canceling("")
			for range 2 { // each is an intent of its own
				if _, err := client.CreateBooking(t.Context(), book); err != nil {
					t.Error(err)
				}
				if _, err := client.CancelBooking(t.Context(), cancel); err != nil {
					t.Error(err)
				}
			}
			if ledger.bookings.Load() != 4 || tries.Load() < 12 || field(book)+field(cancel) != "" {
				t.Errorf("%d runs in %d tries, the caller has %v and %v", ledger.bookings.Load(), tries.Load(), book, cancel)
			}
		})
	}
}

// TestRetriesOfGooglesClients: they send a request_id and no header, and the same
// message again when the reply was lost.
func TestRetriesOfGooglesClients(t *testing.T) {
	for name, options := range protocols {
		ledger, tries := new(hotel), new(atomic.Int64)
		server := serveBookings(t, ledger, func(next http.Handler) http.Handler { return loseTwo(tries, next) }, idempotency.KeyRules{RequestID: true})
		client := bookingsv1connect.NewBookingServiceClient(connect.NewClient(server.transport(options...)))
		message := canceling(idempotency.NewKey())
		for try := range 3 {
			ctx, info := connect.NewClientContext(t.Context())
			_, err := client.CancelBooking(ctx, message)
			if lost := try < 2; (err != nil) != lost || !lost && !idemconnect2.Replayed(info) {
				t.Errorf("%s, try %d: %v, %v", name, try+1, err, info.ResponseHeader())
			}
		}
		if ledger.bookings.Load() != 1 {
			t.Errorf("%s: %d runs", name, ledger.bookings.Load())
		}
	}
}
