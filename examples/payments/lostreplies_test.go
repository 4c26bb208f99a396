//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/internal/pgtest"
	"github.com/oncewire/idempotency/internal/proxytest"
	"github.com/oncewire/idempotency/internal/redistest"
)

const (
	// lostReplies is the part of what a server sends that its clients do not get.
	lostReplies = 0.3
	// payers is how many payments are made at the same time. Each has a connection of
	// its own.
	payers = 8
	// The clients try until they know. The pauses are short, as there is no outage.
	payerAttempts = 100
	payerBackoff  = time.Millisecond
)

// lossyPayments returns LOST_REPLIES_PAYMENTS, by default 200.
func lossyPayments(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LOST_REPLIES_PAYMENTS")
	if text == "" {
		return 200
	}
	payments, err := strconv.Atoi(text)
	if err != nil || payments < 1 {
		t.Fatalf("LOST_REPLIES_PAYMENTS is %q, want a number", text)
	}
	return payments
}

// payer makes one payment through a client of this library, which mints the key and
// retries.
type payer func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error)

// TestLostReplies: a proxy breaks connections instead of delivering 30 % of what the
// server sends, after it has acted. Every payment succeeds, and is in the ledger once.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	payments := lossyPayments(t)
	dials := map[string]func(*testing.T, *testServer, int) []payer{"gRPC": grpcPayers, "Connect": connectPayers, "REST": restPayers}
	stores := map[string]func(*testing.T) string{
		"memory": func(*testing.T) string { return "memory" },
		"Redis":  func(t *testing.T) string { return "redis://" + redistest.Start(t).Addr() },

		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t).URL("pool_max_conns=16") },
	}
	for store, url := range stores {
		for protocol, dial := range dials {
			t.Run(protocol+", "+store, func(t *testing.T) {
				t.Parallel()
				c := configure(t, func(c *config) { c.store, c.storeTimeout, c.wait = url(t), testTimeout, testTimeout })
				loseReplies(t, serve(t, c, openStore(t, c)), payments, dial)
			})
		}
	}
}

func loseReplies(t *testing.T, s *testServer, payments int, dial func(*testing.T, *testServer, int) []payer) {
	t.Helper()
	inFront := *s
	for _, address := range []*string{&inFront.httpAddress, &inFront.grpcAddress} {
		proxy := proxytest.Start(t, *address)
		proxy.Disturb(func(c proxytest.Chunk) proxytest.Disturbance {
			return proxytest.Disturbance{Lost: !c.Up && rand.Float64() < lostReplies}
		})
		*address = proxy.Addr()
	}
	began := time.Now()
	payAll(t, dial(t, &inFront, payments), payments)
	replays := len(s.events.of(idempotency.EventReplayed))
	t.Logf("%d payments in %v, %d replays", payments, time.Since(began).Round(time.Millisecond), replays)
	if replays < payments/5 {
		t.Errorf("only %d replies were lost", replays)
	}
	entries := s.entries("")
	customers := map[string]bool{}
	for _, payment := range entries {
		customers[payment.GetCustomer()] = true
	}
	if len(entries) != payments || len(customers) != payments {
		t.Errorf("%d ledger entries for %d of %d payments", len(entries), len(customers), payments)
	}
}

// payAll makes the payments, and requires that each succeeds.
func payAll(t *testing.T, payers []payer, payments int) {
	t.Helper()
	todo := make(chan string)
	var paying sync.WaitGroup
	for _, pay := range payers {
		paying.Go(func() {
			for customer := range todo {
				made, err := pay(t.Context(), &paymentsv1.CreatePaymentRequest{Amount: 5, Currency: "EUR", Customer: customer})
				if err != nil || made.GetCustomer() != customer || made.GetId() == "" {
					t.Errorf("payment of %s: %v, %v", customer, made, err)
				}
			}
		})
	}
	for i := range payments {
		todo <- "customer-" + strconv.Itoa(i)
	}
	close(todo)
	paying.Wait()
}

// payerBudget is enough for every payment to use all of its attempts.
func payerBudget(payments int) (tokens, refill float64) { return float64(payments * payerAttempts), 1 }

func grpcPayers(t *testing.T, s *testServer, payments int) []payer {
	t.Helper()
	retries, err := idemgrpc.NewClientInterceptor(idemgrpc.WithMaxAttempts(payerAttempts),
		idemgrpc.WithBackoff(payerBackoff, payerBackoff), idemgrpc.WithRetryBudget(payerBudget(payments)))
	if err != nil {
		t.Fatal(err)
	}
	// grpc-go would wait for a second before it connects again, and fail calls meanwhile.
	patiently := grpc.WithDefaultCallOptions(grpc.WaitForReady(true))
	quickly := grpc.WithConnectParams(grpc.ConnectParams{
		Backoff: backoff.Config{BaseDelay: payerBackoff, MaxDelay: payerBackoff}, MinConnectTimeout: testTimeout,
	})
	all := make([]payer, payers)
	for i := range all {
		client := newGRPCClient(t, s.grpcAddress, quickly, patiently, grpc.WithUnaryInterceptor(retries.Unary))
		all[i] = func(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			return client.CreatePayment(ctx, request)
		}
	}
	return all
}

func connectPayers(t *testing.T, s *testServer, payments int) []payer {
	t.Helper()
	retries, err := idemconnect.NewClientInterceptor(idemconnect.WithMaxAttempts(payerAttempts),
		idemconnect.WithBackoff(payerBackoff, payerBackoff), idemconnect.WithRetryBudget(payerBudget(payments)))
	if err != nil {
		t.Fatal(err)
	}
	all := make([]payer, payers)
	for i := range all {
		client := paymentsv1connect.NewPaymentServiceClient(httpClient(t), "http://"+s.httpAddress, connect.WithInterceptors(retries))
		all[i] = func(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			response, err := client.CreatePayment(ctx, connect.NewRequest(request))
			if err != nil {
				return nil, err
			}
			return response.Msg, nil
		}
	}
	return all
}

func restPayers(t *testing.T, s *testServer, payments int) []payer {
	t.Helper()
	all := make([]payer, payers)
	for i := range all {
		client := httpClient(t)
		retries, err := httpmw.NewTransport(client.Transport, httpmw.WithMaxAttempts(payerAttempts),
			httpmw.WithBackoff(payerBackoff, payerBackoff), httpmw.WithRetryBudget(payerBudget(payments)))
		if err != nil {
			t.Fatal(err)
		}
		client.Transport = retries
		all[i] = func(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			return payREST(ctx, client, "http://"+s.httpAddress+"/v1/payments", request)
		}
	}
	return all
}

func payREST(ctx context.Context, client *http.Client, url string, payment *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	body, err := protojson.Marshal(payment)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s", response.Status, answer)
	}
	made := new(paymentsv1.Payment)
	return made, protojson.Unmarshal(answer, made)
}
