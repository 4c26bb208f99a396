package backendtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/anishathalye/porcupine"

	"github.com/oncewire/idempotency/backend"
)

// linearizable checks promises 1 to 4 and 6 to 10 together: the results of
// concurrent calls must be possible results of the same calls in some order.
var linearizable = group{"Linearizable", []test{{"RandomHistories", randomHistories}}}

const (
	rounds  = 15
	clients = 6
	calls   = 40 // of each client, in each round
	keys    = 2
)

func randomHistories(f *fixture) {
	seed := rand.Uint64()
	for round := range uint64(rounds) {
		h := &history{}
		for i := range h.keys {
			h.keys[i] = newKey()
		}
		race(clients, func(i int) {
			c := &client{history: h, id: i, rng: rand.New(rand.NewPCG(seed+round, uint64(i)))}
			for range calls {
				c.call(f)
			}
		})
		if !porcupine.CheckOperations(model, h.calls) {
			f.Fatalf("with seed %d, round %d is not linearizable:\n%s", seed, round, h)
		}
	}
}

// history collects the calls of all clients in one round.
type history struct {
	keys  [keys]backend.Key
	clock atomic.Int64

	mu    sync.Mutex
	calls []porcupine.Operation
}

func (h *history) add(op porcupine.Operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, op)
}

// String lists the calls in the order in which they returned.
func (h *history) String() string {
	var text strings.Builder
	for _, op := range h.calls {
		fmt.Fprintf(&text, "%d–%d: %v → %v\n", op.Call, op.Return, op.Input, op.Output)
	}
	return text.String()
}

// client makes random calls, most of them with tokens that the record can have.
type client struct {
	*history

	id   int
	rng  *rand.Rand
	own  [keys]backend.Claim // its last claim
	seen [keys]backend.Token // the last token that a claim returned
}

func (c *client) call(f *fixture) {
	i := c.rng.IntN(keys)
	in := c.choose(i)
	called := c.clock.Add(1)
	runtime.Gosched()
	out := f.apply(in)
	c.add(porcupine.Operation{ClientId: c.id, Input: in, Output: out, Call: called, Return: c.clock.Add(1)})
	if in.method == "Claim" {
		c.seen[i] = out.rec.token
	}
}

// choose returns a random step for a key. Completions are rare, because a finished
// record does not change any more.
func (c *client) choose(i int) step {
	in := step{key: c.keys[i], token: c.token(i)}
	switch n := c.rng.IntN(100); {
	case n < 40:
		in.method, in.claim = "Claim", c.claim(i, n < 8)
	case n < 65:
		in.method, in.renew = "Extend", n < 50
	case n < 95:
		in.method = "Release"
	default:
		in.method, in.outcome = "Complete", strconv.Itoa(c.rng.IntN(1000))
	}
	return in
}

// claim returns the last claim again, or a new claim that replaces the last token
// that it has seen.
func (c *client) claim(i int, again bool) backend.Claim {
	if !again || c.own[i].Token == (backend.Token{}) {
		claim := newClaim()
		claim.Replaces = c.seen[i]
		claim.Attempt = 1 + c.rng.Uint32N(9)
		c.own[i] = claim
	}
	return c.own[i]
}

// token returns the token of the client's own claim, or the last one it has seen.
func (c *client) token(i int) backend.Token {
	if c.rng.IntN(4) == 0 {
		return c.seen[i]
	}
	return c.own[i].Token
}
