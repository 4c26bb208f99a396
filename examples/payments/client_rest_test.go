package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// restClient is an HTTP client of the gateway.
type restClient struct {
	*testServer

	client *http.Client
}

func dialREST(t *testing.T, s *testServer) client {
	t.Helper()
	return restClient{s, httpClient(t)}
}

func (c restClient) create(ctx context.Context, call call) answer {
	body, err := protojson.Marshal(call.request)
	if err != nil {
		return answer{failure: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.httpAddress+"/v1/payments", bytes.NewReader(body))
	if err != nil {
		return answer{failure: err}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("TE", "trailers") // otherwise the gateway sends none
	request.Header["Idempotency-Key"] = call.keys
	if call.tenant != "" {
		request.Header.Set(c.tenantHeader, call.tenant)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return answer{failure: err}
	}
	defer response.Body.Close()
	return readREST(response)
}

func readREST(response *http.Response) answer {
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{failure: err}
	}
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	a := answer{
		http:       response.StatusCode,
		retryAfter: time.Duration(seconds) * time.Second,
		replayed:   response.Header.Get("Idempotent-Replayed") == "true",
		paymentID:  response.Header.Get("Grpc-Metadata-Payment-Id"),
		attempt:    response.Header.Get("Grpc-Metadata-Payment-Attempt"),
		entries:    response.Trailer.Get("Grpc-Trailer-Payment-Ledger-Entries"),
	}
	if response.StatusCode == http.StatusOK {
		a.http = 0 // as over the other protocols
		a.payment = new(paymentsv1.Payment)
		a.failure = protojson.Unmarshal(body, a.payment)
		return a
	}
	a.details = body
	a.failure = readRESTError(&a, response.Header.Get("Content-Type"), body)
	return a
}

// readRESTError reads problem details, or the JSON that the gateway writes for a
// gRPC status.
func readRESTError(a *answer, contentType string, body []byte) error {
	switch {
	case strings.HasPrefix(contentType, "application/problem+json"):
		var problem struct {
			Reason string `json:"reason"`
			Detail string `json:"detail"`
		}
		err := json.Unmarshal(body, &problem)
		a.reason, a.message = problem.Reason, problem.Detail
		return err
	case strings.HasPrefix(contentType, "application/json"):
		failed := new(spb.Status)
		err := protojson.Unmarshal(body, failed)
		a.message = failed.GetMessage()
		return err
	default:
		a.message = string(body)
		return nil
	}
}
