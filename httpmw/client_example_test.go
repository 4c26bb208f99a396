package httpmw_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// A client whose payments are made once, although the server's first answer is lost.
func ExampleNewTransport() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		panic(err)
	}
	ledger := 0
	guarded := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		ledger++
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "payment %d", ledger)
	}))
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guarded.ServeHTTP(w, r)
		if tries++; tries == 1 {
			panic(http.ErrAbortHandler) // the connection breaks before the answer
		}
	}))
	defer server.Close()

	transport, err := httpmw.NewTransport(http.DefaultTransport)
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	response, err := client.Post(server.URL, "application/json", strings.NewReader(`{"amount": 5}`))
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Printf("%s after %d tries, replayed: %t, ledger entries: %d\n", body, tries, httpmw.Replayed(response), ledger)
	// Output: payment 1 after 2 tries, replayed: true, ledger entries: 1
}

// A program that repeats a payment by itself, such as a job that is started again,
// names the key: one that belongs to the payment.
func ExampleNewTransport_ownKey() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Idempotency-Key"))
	}))
	defer server.Close()
	transport, err := httpmw.NewTransport(http.DefaultTransport)
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: transport}

	for range 2 {
		request, err := http.NewRequest(http.MethodPost, server.URL, strings.NewReader(`{"amount": 5}`))
		if err != nil {
			panic(err)
		}
		response, err := client.Do(request.WithContext(idempotency.WithKey(request.Context(), "order-17")))
		if err != nil {
			panic(err)
		}
		response.Body.Close()
	}
	// Output:
	// order-17
	// order-17
}

func ExampleReadRefusal() {
	response := refusedPayment()
	defer response.Body.Close()
	if refusal, refused := httpmw.ReadRefusal(response); refused {
		switch refusal.Next() {
		case idempotency.NextRetrySameKey:
			fmt.Println("the transport has tried already; try again later, after", refusal.RetryAfter)
		case idempotency.NextUseNewKey, idempotency.NextFixRequest:
			fmt.Println("a mistake of this program:", refusal.Reason, refusal.Rule)
		case idempotency.NextAskOperator:
			fmt.Println("find out whether the payment was made")
		}
	}
	// Output: a mistake of this program: KEY_INVALID length
}

// refusedPayment is what a server answers to a key that is too long.
func refusedPayment() *http.Response {
	recorder := httptest.NewRecorder()
	httpmw.WriteRefusal(recorder, nil, &idempotency.Error{Reason: idempotency.ReasonKeyInvalid, Rule: "length"})
	return recorder.Result()
}
