package idemgateway_test

import (
	"net/http"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// The tests of this file are the rows of the table in docs/layers.md.

// TestLayersAnswerLost: "an answer is lost between edge and service".
func TestLayersAnswerLost(t *testing.T) {
	for _, abandoned := range []idempotency.AbandonPolicy{idempotency.Retry, idempotency.Reject} {
		eachLayer(t, func(t *testing.T, column layer) {
			service := new(payments)
			l := column.start(t, service, newEngine(t, all(idempotency.Policy{OnAbandoned: abandoned})), newEngine(t), loseOne())
			if lost := l.rest.post("key-1"); lost.status != http.StatusServiceUnavailable {
				t.Fatalf("got %d %s", lost.status, lost.body)
			}
			retry := l.rest.post("key-1")
			switch {
			case column.edge && abandoned == idempotency.Reject:
				wantRefusal(t, retry, http.StatusConflict, idempotency.ReasonOutcomeUnknown, idempotency.NextAskOperator)
				wantRuns(t, service, 1)
			case column.service:
				if retry.status != http.StatusOK || !retry.replayed() {
					t.Errorf("got %d %v", retry.status, retry.header)
				}
				wantRuns(t, service, 1)
			default:
				if retry.status != http.StatusOK || retry.replayed() {
					t.Errorf("got %d %v", retry.status, retry.header)
				}
				wantRuns(t, service, 2)
			}
		})
	}
}

// TestLayersRetryOverGRPC: "a call over REST, its retry over gRPC", and "callers that go
// around the edge".
func TestLayersRetryOverGRPC(t *testing.T) {
	eachLayer(t, func(t *testing.T, column layer) {
		service, engine := new(payments), newEngine(t)
		l := column.start(t, service, engine, engine)
		l.rest.post("key-1")
		around := l.call(t, "key-2")
		if got := []bool{l.call(t, "key-1"), around, l.call(t, "key-2")}; got[0] != column.service || got[1] || got[2] != column.service {
			t.Errorf("replays: %v", got)
		}
		runs := int32(4)
		if column.service {
			runs = 2
		}
		wantRuns(t, service, runs)
	})
}

// TestLayersComparison: "what is compared". The request is the same message in other
// bytes.
func TestLayersComparison(t *testing.T) {
	eachLayer(t, func(t *testing.T, column layer) {
		service, inner := new(payments), newEngine(t)
		post := func(outer *idempotency.Engine, body string) answer {
			return column.start(t, service, outer, inner).rest.send(http.MethodPost, collection, body, http.Header{"Idempotency-Key": {"key-1"}})
		}
		outer := newEngine(t)
		first := post(outer, body)
		const spaced = `{ "currency": "EUR", "amount": 1250 }`
		if column.edge {
			wantRefusal(t, post(outer, spaced), http.StatusUnprocessableEntity, idempotency.ReasonKeyReused, idempotency.NextUseNewKey)
		}
		if column.service { // an edge that has lost its record asks the service
			wantReplay(t, first, post(newEngine(t), spaced))
		}
		wantRuns(t, service, 1)
	})
}

// TestLayersSchema: "options in the .proto".
func TestLayersSchema(t *testing.T) {
	for _, column := range layerColumns {
		service := new(bookings)
		guards := []grpc.UnaryServerInterceptor{}
		if column.service {
			guards = append(guards, guardOf(t, newEngine(t)))
		}
		local := idemgateway.NewInProcess(guards...)
		bookingsv1.RegisterBookingServiceServer(local, service)
		mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
		if err := bookingsv1.RegisterBookingServiceHandlerClient(t.Context(), mux, bookingsv1.NewBookingServiceClient(local)); err != nil {
			t.Fatal(err)
		}
		var gateway http.Handler = mux
		if column.edge {
			gateway = edge(t, newEngine(t)).Wrap(mux)
		}
		got := overREST(t, gateway)(booking{})
		if refused := got.reason == idempotency.ReasonKeyMissing; refused != column.service {
			t.Errorf("%s: got %+v", column.name, got)
		}
	}
}

// TestLayersServiceIsDown: "a replay needs the service".
func TestLayersServiceIsDown(t *testing.T) {
	eachLayer(t, func(t *testing.T, column layer) {
		service, engine := new(payments), newEngine(t)
		l := column.start(t, service, engine, engine)
		first := l.rest.post("key-1")
		l.stop()
		again := l.rest.post("key-1")
		if column.edge {
			wantReplay(t, first, again)
		} else if again.status != http.StatusServiceUnavailable {
			t.Errorf("got %d %s", again.status, again.body)
		}
		wantRuns(t, service, 1)
	})
}

// TestLayersBytesOfReplay: "a replay over REST has". The retry accepts another form of
// JSON.
func TestLayersBytesOfReplay(t *testing.T) {
	eachLayer(t, func(t *testing.T, column layer) {
		engine := newEngine(t)
		l := column.start(t, new(payments), engine, engine)
		first := l.rest.post("key-1")
		again := l.rest.send(http.MethodPost, collection, body, http.Header{"Idempotency-Key": {"key-1"}, "Accept": {"application/pretty"}})
		if !again.replayed() || (again.body == first.body) != column.edge {
			t.Errorf("got %s, first %s", again.body, first.body)
		}
	})
}

// TestLayersSteps: "steps of the store for a first call, a replay".
func TestLayersSteps(t *testing.T) {
	eachLayer(t, func(t *testing.T, column layer) {
		store := &stepCounter{Store: memstore.New()}
		engine := newEngineOn(t, store)
		l := column.start(t, new(payments), engine, engine)
		l.rest.post("key-1")
		first := store.steps.Swap(0)
		l.rest.post("key-1")
		want := int32(2)
		if column.service && column.edge {
			want = 4
		}
		if replay := store.steps.Load(); first != want || replay != 1 {
			t.Errorf("%d steps, then %d", first, replay)
		}
	})
}
