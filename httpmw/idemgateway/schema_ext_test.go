package idemgateway_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/idempotencytest"
)

// TestSchemaAloneConfiguresTheGuard: on an engine without options, each way to the
// service enforces what bookings.proto says.
func TestSchemaAloneConfiguresTheGuard(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Run("key required", func(t *testing.T) {
				service := new(bookings)
				call := way(t, service, newEngine(t))
				if got := call(booking{}); got.reason != idempotency.ReasonKeyMissing {
					t.Errorf("without a key: %+v", got)
				}
				service.wantRuns(t, 0)
			})
			t.Run("retention of an hour", func(t *testing.T) { testRetention(t, way) })
			t.Run("wait", func(t *testing.T) { testWait(t, way) })
			t.Run("reject what was abandoned", func(t *testing.T) { testAbandoned(t, way) })
		})
	}
}

func testRetention(t *testing.T, way func(*testing.T, *bookings, *idempotency.Engine) book) {
	service, store := new(bookings), idempotencytest.NewStore(t)
	call := way(t, service, newEngineOn(t, store))
	first := call(booking{header: "k"})
	store.Advance(59 * time.Minute)
	if again := call(booking{header: "k"}); first.id == "" || again != first {
		t.Errorf("got %+v, then %+v", first, again)
	}
	store.Advance(2 * time.Minute)
	if later := call(booking{header: "k"}); later.id == first.id {
		t.Errorf("after the retention: %+v", later)
	}
	service.wantRuns(t, 2)
}

func testWait(t *testing.T, way func(*testing.T, *bookings, *idempotency.Engine) book) {
	started, end := make(chan struct{}), make(chan struct{})
	service, store := &bookings{hold: func() { close(started); <-end }}, newWaitedFor(t)
	call := way(t, service, newEngineOn(t, store))
	answers := make(chan booked, 2)
	send := func() { answers <- call(booking{header: "k"}) }
	go send()
	<-started
	go send()
	<-store.waiting
	close(end)
	if first, second := <-answers, <-answers; first.id == "" || first != second {
		t.Errorf("got %+v and %+v", first, second)
	}
	service.wantRuns(t, 1)
}

func testAbandoned(t *testing.T, way func(*testing.T, *bookings, *idempotency.Engine) book) {
	service, store := new(bookings), idempotencytest.NewStore(t)
	call := way(t, service, newEngineOn(t, store))
	store.CrashNext()
	call(booking{header: "k"})
	store.Advance(11 * time.Second) // longer than the lease of the schema, and shorter than the default
	if got := call(booking{header: "k"}); got.reason != idempotency.ReasonOutcomeUnknown {
		t.Errorf("after a crash: %+v", got)
	}
	service.wantRuns(t, 1)
}

// TestKeyInTheMessage: the field of the schema is the same key as the header.
func TestKeyInTheMessage(t *testing.T) {
	for name, way := range ways {
		if name == "in process, by middleware" {
			continue // it reads no messages
		}
		t.Run(name, func(t *testing.T) {
			service := new(bookings)
			call := way(t, service, newEngine(t))
			want := booked{id: "1"}
			for _, same := range []booking{{message: "k"}, {header: "k"}, {message: "k"}, {header: `"k"`, message: "k"}} {
				if got := call(same); got != want {
					t.Errorf("%+v: got %+v", same, got)
				}
			}
			for request, want := range map[booking]booked{
				{message: "k", nights: 2}:         {reason: idempotency.ReasonKeyReused},
				{header: "k", nights: 2}:          {reason: idempotency.ReasonKeyReused},
				{header: "k", message: "other"}:   {reason: idempotency.ReasonKeyInvalid, rule: "mismatch"},
				{header: "new", message: "other"}: {reason: idempotency.ReasonKeyInvalid, rule: "mismatch"},
				{message: "\u00e4"}:               {reason: idempotency.ReasonKeyInvalid, rule: "characters"},
			} {
				if got := call(request); got != want {
					t.Errorf("%+v: got %+v, want %+v", request, got, want)
				}
			}
			service.wantRuns(t, 1)
		})
	}
}

// TestRetryWithRequestID: a client that Google's generators made sends a request_id
// and no header, and sends the same message again when the answer was lost.
func TestRetryWithRequestID(t *testing.T) {
	request := &bookingsv1.CancelBookingRequest{Id: "12", RequestId: "5e6f9a3c-6a4b-4c1e-9f0a-0d6b7c8e9f10"}
	loses := 2
	lose := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		response, err := handler(ctx, request)
		if loses--; loses >= 0 {
			return nil, status.Error(codes.Unavailable, "connection lost")
		}
		return response, err
	}
	for on, want := range map[bool]int32{true: 1, false: 3} {
		loses = 2
		service := new(bookings)
		engine := newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{RequestID: on}))
		client := bookingsv1.NewBookingServiceClient(dialBookings(t, service, engine, lose))
		var err error
		for range 3 {
			if _, err = client.CancelBooking(t.Context(), request); err == nil {
				break
			}
		}
		if err != nil {
			t.Error(err)
		}
		service.wantRuns(t, want)
	}
}

// TestInProcessAndGRPCShareOneRecord: the retry over gRPC of a call over REST is a
// replay, and so is the reverse.
func TestInProcessAndGRPCShareOneRecord(t *testing.T) {
	service, engine := new(bookings), newEngine(t)
	rest, rpc := overInProcess(t, service, engine), overGRPC(t, service, engine)
	for key, calls := range map[string][]book{"a": {rest, rpc}, "b": {rpc, rest}} {
		if first, second := calls[0](booking{header: key}), calls[1](booking{message: key}); first.id == "" || first != second {
			t.Errorf("got %+v, then %+v", first, second)
		}
	}
	service.wantRuns(t, 2)
}

// TestMiddlewareAndGRPCRunACallOnce: a middleware records HTTP answers, which gRPC
// cannot read. The call is still not run again.
func TestMiddlewareAndGRPCRunACallOnce(t *testing.T) {
	service, engine := new(bookings), newEngine(t)
	rest, rpc := overHandlerServer(t, service, engine), overGRPC(t, service, engine)
	for key, calls := range map[string][]book{"a": {rest, rpc}, "b": {rpc, rest}} {
		calls[0](booking{header: key})
		if got := calls[1](booking{header: key}); got.reason != idempotency.ReasonOutcomeUnreadable {
			t.Errorf("got %+v", got)
		}
	}
	service.wantRuns(t, 2)
}

// TestPolicyOfAnRPCReachesItsRoute, which is a DELETE here.
func TestPolicyOfAnRPCReachesItsRoute(t *testing.T) {
	service := new(bookings)
	policy := idempotency.WithPolicy(bookingsv1.BookingService_CancelBooking_FullMethodName, idempotency.Policy{Key: idempotency.KeyRequired})
	rest := newREST(t, handlerServer(t, service, newEngine(t, policy)))
	remove := func(id string, keys ...string) answer {
		return rest.send(http.MethodDelete, "/v1/bookings/"+id, "", http.Header{"Idempotency-Key": keys})
	}
	wantRefusal(t, remove("1"), http.StatusBadRequest, idempotency.ReasonKeyMissing, idempotency.NextFixRequest)
	wantReplay(t, remove("1", "k"), remove("1", "k"))
	wantRefusal(t, remove("2", "k"), http.StatusUnprocessableEntity, idempotency.ReasonKeyReused, idempotency.NextUseNewKey)
	service.wantRuns(t, 1)
}

// TestContentTypeOfAnRPCDoesNotBypassTheMiddleware: a route of the gateway may have
// the path of an RPC, and no interceptor is behind it.
func TestContentTypeOfAnRPCDoesNotBypassTheMiddleware(t *testing.T) {
	service := new(bookings)
	rest := newREST(t, handlerServer(t, service, newEngine(t)))
	for _, keys := range [][]string{nil, {"k"}} {
		got := rest.send(http.MethodPost, "/v1/bookings", `{}`, http.Header{"Content-Type": {"application/grpc"}, "Idempotency-Key": keys})
		if got.status != http.StatusBadRequest {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
	service.wantRuns(t, 0)
}

// TestOtherRoutesOfAServiceMiddleware are guarded by their method and path.
func TestOtherRoutesOfAServiceMiddleware(t *testing.T) {
	runs := 0
	mux := handlerServer(t, new(bookings), newEngine(t))
	err := mux.HandlePath(http.MethodPost, "/v1/{name}:import", func(w http.ResponseWriter, _ *http.Request, parameters map[string]string) {
		runs++
		_, _ = w.Write([]byte(parameters["name"]))
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := newREST(t, mux)
	post := func(path string) answer {
		return rest.send(http.MethodPost, path, body, http.Header{"Idempotency-Key": {"k"}})
	}
	wantReplay(t, post("/v1/rooms:import"), post("/v1/rooms:import"))
	wantReplay(t, post("/v1/guests:import"), post("/v1/guests:import"))
	if runs != 2 {
		t.Errorf("handler ran %d times", runs)
	}
}

func TestServiceMiddlewareReturnsTheErrorOfAFunction(t *testing.T) {
	fail := func(*runtime.ServeMux) error { return context.Canceled }
	if _, err := idemgateway.ServiceMiddleware(edge(t, newEngine(t)), fail); err == nil {
		t.Error("no error")
	}
}

// TestInProcessConnection: metadata, errors and what is missing.
func TestInProcessConnection(t *testing.T) {
	var seen metadata.MD
	fail := func(ctx context.Context, _ any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
		seen, _ = metadata.FromIncomingContext(ctx)
		if sent, _ := metadata.FromOutgoingContext(ctx); len(sent) > 0 {
			t.Errorf("the handler would send on %v", sent)
		}
		if method, ok := grpc.Method(ctx); !ok || method != info.FullMethod {
			t.Errorf("method %q", method)
		}
		_ = grpc.SetHeader(ctx, metadata.Pairs("region", "eu"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("cost", "7"))
		return nil, context.DeadlineExceeded
	}
	local := idemgateway.NewInProcess(fail)
	bookingsv1.RegisterBookingServiceServer(local, new(bookings))
	var header, trailer metadata.MD
	ctx := metadata.AppendToOutgoingContext(t.Context(), "tenant", "a")
	_, err := bookingsv1.NewBookingServiceClient(local).CreateBooking(ctx, new(bookingsv1.CreateBookingRequest), grpc.Header(&header), grpc.Trailer(&trailer))
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	for name, got := range map[string][]string{"a": seen.Get("tenant"), "eu": header.Get("region"), "7": trailer.Get("cost")} {
		if len(got) != 1 || got[0] != name {
			t.Errorf("metadata: got %q, want %q", got, name)
		}
	}
	if err := local.Invoke(ctx, "/bookings.v1.BookingService/Other", new(bookingsv1.CreateBookingRequest), nil); status.Code(err) != codes.Unimplemented {
		t.Errorf("unknown method: %v", err)
	}
	if _, err := local.NewStream(ctx, nil, "/a/B"); status.Code(err) != codes.Unimplemented {
		t.Errorf("stream: %v", err)
	}
}
