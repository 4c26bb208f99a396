package idempotencytest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/idempotencytest"
)

// printingT stands for the *testing.T of a test. It prints failures, so that they
// are part of an example's output.
type printingT struct{ testing.TB }

func (printingT) Helper()                           {}
func (printingT) Context() context.Context          { return context.Background() }
func (printingT) Cleanup(func())                    {}
func (printingT) Errorf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }
func (printingT) Fatalf(format string, args ...any) { fmt.Printf("FAIL: "+format+"\n", args...) }

func ExampleAssertOnce() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	var shipped atomic.Int64
	effects := func() int { return int(shipped.Load()) }

	answer := idempotencytest.AssertOnce(t, effects, func(ctx context.Context, key string) (string, error) {
		result, err := engine.Do(ctx, "orders", idempotency.Call{Key: key}, func(context.Context) ([]byte, error) {
			return fmt.Appendf(nil, "parcel %d", shipped.Add(1)), nil
		})
		return string(result.Outcome), err
	})
	fmt.Println(answer)
	// Output: parcel 1
}

func ExampleAssertOnce_fails() {
	t := printingT{} // in a test: its *testing.T
	var shipped atomic.Int64
	effects := func() int { return int(shipped.Load()) }

	idempotencytest.AssertOnce(t, effects, func(context.Context, string) (string, error) {
		shipped.Add(1) // the key is not looked at
		return "shipped", nil
	})
	// Output: FAIL: 8 calls with one key, at once, had 8 effects, want 1; the first answer is shipped
}

func ExampleAssertHTTPOnce() {
	t := printingT{} // in a test: its *testing.T
	engine, err := idempotency.New(idempotencytest.NewStore(t))
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		panic(err)
	}
	var payments atomic.Int64
	handler := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", fmt.Sprint("/payments/", payments.Add(1)))
		w.WriteHeader(http.StatusCreated)
	}))

	effects := func() int { return int(payments.Load()) }
	request := httptest.NewRequest(http.MethodPost, "/payments", strings.NewReader(`{"amount": 5}`))
	answer := idempotencytest.AssertHTTPOnce(t, effects, idempotencytest.SendTo(handler), request)
	fmt.Println(answer.Status, answer.Header.Get("Location"))
	// Output: 201 Created /payments/1
}

func ExampleSendTo() {
	send := idempotencytest.SendTo(http.NotFoundHandler())
	response, err := send(httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	fmt.Println(response.Status, err)
	// Output: 404 Not Found <nil>
}

func ExampleRequireReplayed() {
	t := printingT{}                                                      // in a test: its *testing.T
	header := http.Header{"Idempotent-Replayed": {"true"}}                // of net/http, or response.Header() of Connect
	metadata := map[string][]string{"content-type": {"application/grpc"}} // a metadata.MD of gRPC
	idempotencytest.RequireReplayed(t, header)
	idempotencytest.RequireReplayed(t, metadata)
	// Output: FAIL: the answer is not marked as a replay by Idempotent-Replayed: true: [map[content-type:[application/grpc]]]
}

func ExampleRequireNotReplayed() {
	t := printingT{} // in a test: its *testing.T
	idempotencytest.RequireNotReplayed(t, http.Header{"Location": {"/payments/1"}})
	fmt.Println("the handler ran")
	// Output: the handler ran
}

// charge has an effect once for each key, and returns how it went.
func charge(engine *idempotency.Engine, key string) string {
	result, err := engine.Do(context.Background(), "charge", idempotency.Call{Key: key},
		func(ctx context.Context) ([]byte, error) {
			execution, _ := idempotency.FromContext(ctx)
			return fmt.Appendf(nil, "charged by attempt %d", execution.Attempt), nil
		})
	if refusal, ok := errors.AsType[*idempotency.Error](err); ok {
		return string(refusal.Reason)
	}
	return fmt.Sprintf("%s, replayed: %t", result.Outcome, result.Replayed)
}

func ExampleNewStore() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t, memstore.WithMaxRecords(1))
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	fmt.Println(charge(engine, "order-17"))
	fmt.Println(charge(engine, "order-18")) // the store is full
	fmt.Println(store.Records(), "record")
	// Output:
	// charged by attempt 1, replayed: false
	// STORE_UNAVAILABLE
	// 1 record
}

func ExampleStore_Advance() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{Retention: 24 * time.Hour}))
	if err != nil {
		panic(err)
	}
	fmt.Println(charge(engine, "order-17"))
	store.Advance(23 * time.Hour)
	fmt.Println(charge(engine, "order-17"))
	store.Advance(time.Hour)
	fmt.Println(charge(engine, "order-17"))
	// Output:
	// charged by attempt 1, replayed: false
	// charged by attempt 1, replayed: true
	// charged by attempt 1, replayed: false
}

func ExampleStore_Fail() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	store.Fail(errors.New("connection refused"))
	fmt.Println(charge(engine, "order-17"))
	store.Recover()
	fmt.Println(charge(engine, "order-17"))
	// Output:
	// STORE_UNAVAILABLE
	// charged by attempt 1, replayed: false
}

func ExampleStore_LoseReplies() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	store.LoseReplies(1, idempotencytest.Complete)
	fmt.Println(charge(engine, "order-17")) // the caller gets its answer
	fmt.Println(charge(engine, "order-17")) // it was recorded
	// Output:
	// charged by attempt 1, replayed: false
	// charged by attempt 1, replayed: true
}

func ExampleStore_Hang() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store, idempotency.WithLimits(idempotency.Limits{StoreTimeout: time.Millisecond}))
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	store.Hang(idempotencytest.Claim)
	fmt.Println(charge(engine, "order-17")) // after the engine's own time limit
	// Output: STORE_UNAVAILABLE
}

func ExampleStore_Crash() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	_, _ = engine.Do(context.Background(), "charge", idempotency.Call{Key: "order-17"},
		func(context.Context) ([]byte, error) {
			store.Crash() // the process dies here
			return nil, nil
		})
	fmt.Println(charge(engine, "order-17"))
	store.Advance(idempotency.DefaultLease)
	fmt.Println(charge(engine, "order-17"))
	// Output:
	// IN_PROGRESS
	// charged by attempt 2, replayed: false
}

func ExampleStore_CrashNext() {
	t := printingT{} // in a test: its *testing.T
	store := idempotencytest.NewStore(t)
	engine, err := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject}))
	if err != nil {
		panic(err)
	}
	store.CrashNext()
	_ = charge(engine, "order-17") // the process dies before it records the outcome
	store.Advance(idempotency.DefaultLease)
	fmt.Println(charge(engine, "order-17"))
	// Output: OUTCOME_UNKNOWN
}
