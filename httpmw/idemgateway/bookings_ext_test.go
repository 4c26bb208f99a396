package idemgateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/gen/bookings/v1/bookingsv1connect"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/idempotencytest"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/internal/refusal"
)

// bookings books under another id in each run.
type bookings struct {
	bookingsv1.UnimplementedBookingServiceServer

	runs atomic.Int32
	hold func() // nil, or what a run waits for
}

func (b *bookings) run() string {
	id := strconv.Itoa(int(b.runs.Add(1)))
	if b.hold != nil {
		b.hold()
	}
	return id
}

func (b *bookings) CreateBooking(context.Context, *bookingsv1.CreateBookingRequest) (*bookingsv1.CreateBookingResponse, error) {
	return &bookingsv1.CreateBookingResponse{Id: b.run()}, nil
}

func (b *bookings) CancelBooking(context.Context, *bookingsv1.CancelBookingRequest) (*bookingsv1.CancelBookingResponse, error) {
	return &bookingsv1.CancelBookingResponse{Id: b.run()}, nil
}

func (b *bookings) wantRuns(t *testing.T, want int32) {
	t.Helper()
	if runs := b.runs.Load(); runs != want {
		t.Errorf("handler ran %d times, want %d", runs, want)
	}
}

// waitedFor is a store that says when a call waits for another one.
type waitedFor struct {
	*idempotencytest.Store

	waiting chan struct{}
}

func newWaitedFor(t *testing.T) waitedFor {
	return waitedFor{idempotencytest.NewStore(t), make(chan struct{}, 100)}
}

func (s waitedFor) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	s.waiting <- struct{}{}
	return s.Store.Wait(ctx, key, token)
}

// booking is a call of CreateBooking. Its key is in the header, or in the message,
// or in both.
type booking struct {
	header, message string
	nights          int32
}

func (b booking) request() *bookingsv1.CreateBookingRequest {
	return &bookingsv1.CreateBookingRequest{Room: "12", Nights: b.nights, BookingKey: b.message}
}

// booked is the answer: an id, or a refusal.
type booked struct {
	id     string
	reason idempotency.Reason
	rule   string
}

// book makes one call.
type book func(booking) booked

// ways are the ways to the service, each of which guards it on the engine.
var ways = map[string]func(*testing.T, *bookings, *idempotency.Engine) book{
	"gRPC":                      overGRPC,
	"Connect":                   overConnect,
	"gateway":                   overGateway,
	"in process":                overInProcess,
	"in process, by middleware": overHandlerServer,
}

func overGRPC(t *testing.T, service *bookings, engine *idempotency.Engine) book {
	client := bookingsv1.NewBookingServiceClient(dialBookings(t, service, engine))
	return func(b booking) booked {
		ctx := context.Background()
		if b.header != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", b.header)
		}
		response, err := client.CreateBooking(ctx, b.request())
		return answered(t, response.GetId(), err)
	}
}

func answered(t *testing.T, id string, err error) booked {
	if err == nil {
		return booked{id: id}
	}
	found, _ := refusal.Decode(status.Convert(err).Proto())
	if found == nil {
		t.Errorf("no refusal: %v", err)
		return booked{}
	}
	return booked{reason: found.Reason, rule: found.Rule}
}

func dialBookings(t *testing.T, service *bookings, engine *idempotency.Engine, outer ...grpc.UnaryServerInterceptor) *grpc.ClientConn {
	t.Helper()
	listener := listen(t)
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(append(outer, guardOf(t, engine))...))
	bookingsv1.RegisterBookingServiceServer(server, service)
	if operations, err := idemgrpc.Operations(server); err != nil || engine.Check(operations, 0) != nil {
		t.Errorf("operations: %v", err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func guardOf(t *testing.T, engine *idempotency.Engine) grpc.UnaryServerInterceptor {
	t.Helper()
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	return guard.Unary
}

// connectBookings is the service for connect-go.
type connectBookings struct {
	bookingsv1connect.UnimplementedBookingServiceHandler

	service *bookings
}

func (c connectBookings) CreateBooking(ctx context.Context, request *connect.Request[bookingsv1.CreateBookingRequest]) (*connect.Response[bookingsv1.CreateBookingResponse], error) {
	response, err := c.service.CreateBooking(ctx, request.Msg)
	return connect.NewResponse(response), err
}

func overConnect(t *testing.T, service *bookings, engine *idempotency.Engine) book {
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(bookingsv1connect.NewBookingServiceHandler(connectBookings{service: service}, connect.WithInterceptors(guard)))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := bookingsv1connect.NewBookingServiceClient(server.Client(), server.URL, connect.WithProtoJSON())
	return func(b booking) booked {
		request := connect.NewRequest(b.request())
		if b.header != "" {
			request.Header().Set("Idempotency-Key", b.header)
		}
		response, err := client.CreateBooking(context.Background(), request)
		if err != nil {
			found, ok := connectRefusal(err)
			if !ok {
				t.Errorf("no refusal: %v", err)
			}
			return found
		}
		return booked{id: response.Msg.GetId()}
	}
}

// connectRefusal reads the details of a Connect error.
func connectRefusal(err error) (booked, bool) {
	failed, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return booked{}, false
	}
	for _, detail := range failed.Details() {
		if value, err := detail.Value(); err == nil {
			if info, ok := value.(interface {
				GetReason() string
				GetMetadata() map[string]string
			}); ok {
				return booked{reason: idempotency.Reason(info.GetReason()), rule: info.GetMetadata()["rule"]}, true
			}
		}
	}
	return booked{}, false
}

func overGateway(t *testing.T, service *bookings, engine *idempotency.Engine) book {
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	if err := bookingsv1.RegisterBookingServiceHandler(t.Context(), mux, dialBookings(t, service, engine)); err != nil {
		t.Fatal(err)
	}
	return overREST(t, mux)
}

func overInProcess(t *testing.T, service *bookings, engine *idempotency.Engine) book {
	return overREST(t, localGateway(t, service, engine))
}

// localGateway is a gateway whose service has an interceptor in this process.
func localGateway(t *testing.T, service *bookings, engine *idempotency.Engine) http.Handler {
	t.Helper()
	local := idemgateway.NewInProcess(guardOf(t, engine))
	bookingsv1.RegisterBookingServiceServer(local, service)
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	if err := bookingsv1.RegisterBookingServiceHandlerClient(t.Context(), mux, bookingsv1.NewBookingServiceClient(local)); err != nil {
		t.Fatal(err)
	}
	return mux
}

func overHandlerServer(t *testing.T, service *bookings, engine *idempotency.Engine) book {
	return overREST(t, handlerServer(t, service, engine))
}

// handlerServer is a gateway that calls its service directly, behind a middleware.
func handlerServer(t *testing.T, service *bookings, engine *idempotency.Engine) *runtime.ServeMux {
	t.Helper()
	register := func(mux *runtime.ServeMux) error {
		return bookingsv1.RegisterBookingServiceHandlerServer(context.Background(), mux, service)
	}
	middleware, err := idemgateway.ServiceMiddleware(edge(t, engine), register)
	if err != nil {
		t.Fatal(err)
	}
	mux := runtime.NewServeMux(append(idemgateway.ServeMuxOptions(), runtime.WithMiddlewares(middleware))...)
	if err := register(mux); err != nil {
		t.Fatal(err)
	}
	return mux
}

func overREST(t *testing.T, handler http.Handler) book {
	t.Helper()
	rest := newREST(t, handler)
	return func(b booking) booked {
		header := http.Header{}
		if b.header != "" {
			header.Set("Idempotency-Key", b.header)
		}
		text, err := json.Marshal(map[string]any{"room": "12", "nights": b.nights, "bookingKey": b.message})
		if err != nil {
			t.Error(err)
		}
		a := rest.send(http.MethodPost, "/v1/bookings", string(text), header)
		var answer struct {
			ID     string             `json:"id"`
			Reason idempotency.Reason `json:"reason"`
			Rule   string             `json:"rule"`
		}
		if err := json.Unmarshal([]byte(a.body), &answer); err != nil {
			t.Errorf("%v in %q", err, a.body)
		}
		if (a.status == http.StatusOK) != (answer.ID != "") || answer.Reason != "" && a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("got %d %v %s", a.status, a.header, a.body)
		}
		return booked{answer.ID, answer.Reason, answer.Rule}
	}
}
