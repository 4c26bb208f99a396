package main

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/oncewire/idempotency"
)

// charge is an entry of the ledger.
type charge struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	Description string `json:"description,omitempty"`
	Paid        bool   `json:"paid"`
	Status      string `json:"status"`

	account string
}

// page is a part of a list.
type page struct {
	Object  string   `json:"object"`
	URL     string   `json:"url"`
	Data    []charge `json:"data"`
	HasMore bool     `json:"has_more"`
}

// charges is the ledger. It does not use keys.
type charges struct {
	mu      sync.Mutex
	entries []charge
}

func newCharges() http.Handler {
	c := new(charges)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/charges", c.create)
	mux.HandleFunc("GET /v1/charges", c.list)
	return mux
}

func (c *charges) create(w http.ResponseWriter, r *http.Request) {
	amount, err := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	if err != nil || amount <= 0 {
		execution, _ := idempotency.FromContext(r.Context())
		execution.NoEffect() // the client may correct the request and use the key again
		failure{
			Type: "invalid_request_error", Code: "parameter_invalid_integer", Param: "amount",
			Message: "The amount must be a positive number of the smallest currency unit.",
		}.write(w, http.StatusBadRequest)
		return
	}
	made := charge{
		ID: "ch_" + rand.Text(), Object: "charge", Amount: amount, Currency: r.FormValue("currency"),
		Description: r.FormValue("description"), Paid: true, Status: "succeeded", account: r.Header.Get("Stripe-Account"),
	}
	c.mu.Lock()
	c.entries = append(c.entries, made)
	c.mu.Unlock()
	writeJSON(w, http.StatusOK, made)
}

// list returns the entries of the account, the oldest first, in the pages that
// Stripe's libraries request.
func (c *charges) list(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 10
	}
	entries := c.after(r.Header.Get("Stripe-Account"), r.FormValue("starting_after"))
	rest := min(limit, len(entries))
	writeJSON(w, http.StatusOK, page{"list", "/v1/charges", entries[:rest], rest < len(entries)})
}

func (c *charges) after(account, id string) []charge {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := make([]charge, 0, len(c.entries))
	for _, each := range c.entries {
		if each.account == account {
			entries = append(entries, each)
		}
	}
	start := slices.IndexFunc(entries, func(each charge) bool { return each.ID == id })
	return entries[start+1:]
}
