package stripe_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v85"
)

// newClient is stripe-go as its users have it, apart from the address, more
// retries than two, and no sleep before them.
func newClient(t *testing.T, url string) *stripe.Client {
	t.Helper()
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL:               stripe.String(url),
		HTTPClient:        new(http.Client),
		MaxNetworkRetries: stripe.Int64(2 * mostLosses),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	backend.(*stripe.BackendImplementation).SetNetworkRetriesSleep(false)
	return stripe.NewClient("sk_test_me", stripe.WithBackends(&stripe.Backends{API: backend}))
}

func newCharge(amount int64, account, key string) *stripe.ChargeCreateParams {
	params := &stripe.ChargeCreateParams{Amount: stripe.Int64(amount), Currency: stripe.String("eur")}
	if account != "" {
		params.SetStripeAccount(account)
	}
	if key != "" {
		params.SetIdempotencyKey(key)
	}
	return params
}

// TestLostReplies: 500 charges, of whose replies a third is lost, are 500 entries
// of the ledger, and no client sees an error.
func TestLostReplies(t *testing.T) {
	const creates, workers, share = 500, 10, 0.3
	proxy, url := startLossy(t, startServer(t), share)
	client := newClient(t, url)
	var made sync.Map // id of a charge, by its description
	var calls sync.WaitGroup
	for worker := range workers {
		calls.Go(func() {
			for i := worker; i < creates; i += workers {
				params := newCharge(int64(1000+i), "", "")
				params.Description = stripe.String("order " + strconv.Itoa(i))
				charge, err := client.V1Charges.Create(t.Context(), params)
				if err != nil {
					t.Errorf("order %d: %v", i, err)
					continue
				}
				if charge.LastResponse.IdempotencyKey == "" {
					t.Errorf("order %d: the key is not sent back", i)
				}
				made.Store(charge.Description, charge.ID)
			}
		})
	}
	calls.Wait()
	entries := map[string]string{}
	params := &stripe.ChargeListParams{}
	params.Limit = stripe.Int64(100)
	for entry, err := range client.V1Charges.List(t.Context(), params).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := entries[entry.Description]; twice {
			t.Errorf("%s was charged twice: %s and %s", entry.Description, other, entry.ID)
		}
		entries[entry.Description] = entry.ID
		if id, ok := made.Load(entry.Description); !ok || id != entry.ID {
			t.Errorf("%s: the client was told %v, and the ledger has %s", entry.Description, id, entry.ID)
		}
	}
	if len(entries) != creates {
		t.Errorf("%d entries, want %d", len(entries), creates)
	}
	if proxy.lost < creates/5 {
		t.Errorf("only %d replies were lost: the test proves nothing", proxy.lost)
	}
	fmt.Printf("stripe-go: %d creates, %d replies lost, %d entries\n", creates, proxy.lost, len(entries))
}

// TestKeyReused is an error of a type that the library knows, and is not asked for
// again.
func TestKeyReused(t *testing.T) {
	proxy, url := startLossy(t, startServer(t), 0)
	client := newClient(t, url)
	if _, err := client.V1Charges.Create(t.Context(), newCharge(1250, "acct_1", "k")); err != nil {
		t.Fatal(err)
	}
	for name, params := range map[string]*stripe.ChargeCreateParams{
		"amount":  newCharge(1251, "acct_1", "k"),
		"account": newCharge(1250, "acct_2", "k"),
	} {
		before := proxy.callsWith("k")
		_, err := client.V1Charges.Create(t.Context(), params)
		var refused *stripe.IdempotencyError
		if !errors.As(err, &refused) {
			t.Errorf("other %s: got %v", name, err)
		}
		if asked := proxy.callsWith("k") - before; asked != 1 {
			t.Errorf("other %s: the library asked %d times", name, asked)
		}
	}
}
