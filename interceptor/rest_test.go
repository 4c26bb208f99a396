package interceptor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/vanguard"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/httpmw/idemvanguard"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/refusal"
)

// newVanguard returns REST of a guarded service.
func newVanguard(t *testing.T, service http.Handler, options ...vanguard.ServiceOption) http.Handler {
	t.Helper()
	services := []*vanguard.Service{
		vanguard.NewService(paymentsv1connect.PaymentServiceName, idemvanguard.Service(service), options...),
	}
	transcoder, err := vanguard.NewTranscoder(services, vanguard.WithRules(&annotations.HttpRule{
		Selector: "payments.v1.PaymentService.CreatePayment",
		Pattern:  &annotations.HttpRule_Post{Post: "/v1/payments"},
		Body:     "*",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return idemvanguard.Handler(transcoder)
}

// newGateway returns REST of a guarded server of grpc-go.
func newGateway(t *testing.T, service server) http.Handler {
	t.Helper()
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	credentials := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	err := paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(t.Context(), mux, strings.TrimPrefix(service.url, "http://"), credentials)
	if err != nil {
		t.Fatal(err)
	}
	return mux
}

func callREST(server server) func(context.Context, string, *paymentsv1.CreatePaymentRequest) answer {
	return func(ctx context.Context, key string, message *paymentsv1.CreatePaymentRequest) answer {
		got, err := post(ctx, server, key, message)
		if err != nil {
			return answer{code: 2, text: err.Error(), rest: true}
		}
		return got
	}
}

func post(ctx context.Context, server server, key string, message *paymentsv1.CreatePaymentRequest) (answer, error) {
	content, err := protojson.Marshal(message)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.url+"/v1/payments", bytes.NewReader(content))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(idempotency.DefaultKeyField, key)
	response, err := server.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	if found, ok := httpmw.ReadRefusal(response); ok {
		found.Mark = response.Header.Get(mark.Field)
		return answer{code: uint32(refusal.Encode(found, "").GetCode()), header: response.Header, refusal: found, rest: true}, nil
	}
	return readREST(response)
}

// readREST reads a message or a google.rpc.Status.
func readREST(response *http.Response) (answer, error) {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	got := answer{header: response.Header, rest: true}
	if response.StatusCode == http.StatusOK {
		got.message = new(paymentsv1.Payment)
		return got, protojson.Unmarshal(body, got.message)
	}
	failure := new(spb.Status)
	if err := protojson.Unmarshal(body, failure); err != nil {
		return answer{}, errors.Join(err, fmt.Errorf("%s: %s", response.Status, body))
	}
	got.code, got.text = uint32(failure.GetCode()), failure.GetMessage()
	for _, detail := range failure.GetDetails() {
		got.details = append(got.details, fmt.Sprintf("%s %x", detail.MessageName(), detail.GetValue()))
	}
	return got, nil
}
