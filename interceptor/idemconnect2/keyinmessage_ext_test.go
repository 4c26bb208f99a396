package idemconnect2_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	bookingsv1connect "github.com/oncewire/idempotency/gen/bookings/v1/bookingsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// hotel books with every call.
type hotel struct {
	bookingsv1connect.UnimplementedBookingServiceHandler

	bookings, nights atomic.Int64
}

func (h *hotel) CreateBooking(_ context.Context, request *bookingsv1.CreateBookingRequest) (*bookingsv1.CreateBookingResponse, error) {
	h.nights.Add(int64(request.GetNights()))
	return &bookingsv1.CreateBookingResponse{Id: strconv.FormatInt(h.bookings.Add(1), 10)}, nil
}

func (h *hotel) CancelBooking(context.Context, *bookingsv1.CancelBookingRequest) (*bookingsv1.CancelBookingResponse, error) {
	return &bookingsv1.CancelBookingResponse{Id: strconv.FormatInt(h.bookings.Add(1), 10)}, nil
}

// TestKeyInTheMessage : in its field, in the header, and in both, it is one call.
func TestKeyInTheMessage(t *testing.T) {
	for protocol, options := range protocols {
		ledger, services := new(hotel), connect.NewServer(newGuard(t, newEngine(t)))
		bookingsv1connect.RegisterBookingServiceHandler(services, ledger)
		client := bookingsv1connect.NewBookingServiceClient(connect.NewClient(serve(t, mounted(services)).transport(options...)))
		book := func(header, message string) (answer, error) {
			ctx, info := connect.NewClientContext(t.Context())
			if header != "" {
				info.RequestHeader().Set(keyField, header)
			}
			_, err := client.CreateBooking(ctx, &bookingsv1.CreateBookingRequest{Room: "12", Nights: 3, BookingKey: message})
			return answer{info: info}, err
		}
		for i, keys := range [][2]string{{"", "k"}, {"k", ""}, {"k", "k"}, {"", "k"}} {
			if got, err := book(keys[0], keys[1]); err != nil || got.marked() != (i > 0) {
				t.Errorf("%s: %v with %q, marked %t", protocol, err, keys, got.marked())
			}
		}
		got, err := book("k", "l")
		checkRefusal(t, got, err, connect.CodeInvalidArgument, idempotency.ReasonKeyInvalid, false)
		got, err = book("", "")
		checkRefusal(t, got, err, connect.CodeInvalidArgument, idempotency.ReasonKeyMissing, false)
		if ledger.bookings.Load() != 1 || ledger.nights.Load() != 3 {
			t.Errorf("%s: %d bookings for %d nights", protocol, ledger.bookings.Load(), ledger.nights.Load())
		}
	}
}

// TestRequestID is a key if the key rules say so. Without one, the handler gets the
// message that the guard has received, and runs each time.
func TestRequestID(t *testing.T) {
	for rules, want := range map[bool]int64{false: 4, true: 3} {
		ledger := new(hotel)
		services := connect.NewServer(newGuard(t, newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{RequestID: rules}))))
		bookingsv1connect.RegisterBookingServiceHandler(services, ledger)
		client := bookingsv1connect.NewBookingServiceClient(connect.NewClient(serve(t, mounted(services)).transport()))
		for _, id := range []string{"r", "r", "", ""} {
			if _, err := client.CancelBooking(t.Context(), &bookingsv1.CancelBookingRequest{Id: "b", RequestId: id}); err != nil {
				t.Fatal(err)
			}
		}
		if ledger.bookings.Load() != want {
			t.Errorf("%t: %d runs, want %d", rules, ledger.bookings.Load(), want)
		}
	}
}

// TestMalformedRequest leaves no claim.
func TestMalformedRequest(t *testing.T) {
	refused := errors.New("cannot be decoded")
	inner := new(service)
	broken := func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			return next(ctx, spec, undecodable{stream, refused})
		}
	}
	engine := newEngine(t)
	_, err := create(serveWith(t, inner, broken, newGuard(t, engine)).newClient(), "k", nil)
	if connect.CodeOf(err) != connect.CodeUnknown {
		t.Errorf("got %v", err)
	}
	got, err := create(payments(t, inner, engine, idemconnect2.WithMaxResponse(0)).newClient(), "k", nil)
	if err != nil || got.marked() || inner.runs.Load() != 1 {
		t.Errorf("got %v, %v, %d runs", got, err, inner.runs.Load())
	}
}

type undecodable struct {
	connect.ServerStream

	err error
}

func (u undecodable) Receive(any) error { return u.err }
