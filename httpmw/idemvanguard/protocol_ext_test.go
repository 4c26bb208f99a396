package idemvanguard_test

import (
	"errors"
	"net/http"
	"testing"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemvanguard"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

var protocols = map[string][]connect.ClientOption{
	"Connect":      nil,
	"Connect JSON": {connect.WithProtoJSON()},
	"gRPC":         {connect.WithGRPC()},
	"gRPC-Web":     {connect.WithGRPCWeb()},
}

// call creates a payment over an RPC protocol.
func (r rest) call(key string, amount int64, options []connect.ClientOption) (*connect.Response[paymentsv1.Payment], error) {
	request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: amount, Currency: "EUR"})
	request.Header().Set("Idempotency-Key", key)
	return paymentsv1connect.NewPaymentServiceClient(r.client, r.url, options...).CreatePayment(r.t.Context(), request)
}

// TestOtherProtocols get the answers of the interceptor, and replay what was recorded
// over REST.
func TestOtherProtocols(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		for name, options := range protocols {
			t.Run(name, func(t *testing.T) {
				h := new(handling)
				server := start(t, f, h)
				server.post("key-1")
				again, err := server.call("key-1", 1250, options)
				if err != nil || !idemconnect.Replayed(again.Header()) || again.Msg.GetId() != "pay_1" {
					t.Errorf("replay: %v, %v", again, err)
				}
				_, err = server.call("key-1", 7, options)
				refusal, ok := idemconnect.Refusal(err)
				if failure, _ := errors.AsType[*connect.Error](err); !ok || refusal.Reason != idempotency.ReasonKeyReused || failure.Code() != connect.CodeInvalidArgument {
					t.Errorf("reused: %v", err)
				}
				first, err := server.call("key-2", 1250, options)
				if err != nil || idemconnect.Replayed(first.Header()) {
					t.Errorf("first: %v, %v", first, err)
				}
				if overREST := server.post("key-2"); !overREST.replayed() || overREST.status != http.StatusOK {
					t.Errorf("over REST: %v", overREST)
				}
				wantRuns(t, h, 2)
			})
		}
	})
}

// TestGuardAround : a guard around Vanguard, with an engine of its own, recognises a
// refusal of the service, and does not record it.
func TestGuardAround(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h, engine := new(handling), newEngine(t, memstore.New())
		service := idemvanguard.Handler(newVanguard(t, f, engine, h))
		edge, err := httpmw.New(newEngine(t, memstore.New()))
		if err != nil {
			t.Fatal(err)
		}
		inside, outside := listen(t, service), listen(t, edge.Wrap(service))
		inside.post("key-1")
		for range 2 {
			got := outside.send(`{"amount":"7"}`, "key-1")
			wantRefusal(t, got, &idempotency.Error{Reason: idempotency.ReasonKeyReused})
		}
		if got := outside.post("key-1"); got.status != http.StatusOK || !got.replayed() {
			t.Errorf("the edge recorded a refusal: %v", got)
		}
		wantRuns(t, h, 1)
	})
}
