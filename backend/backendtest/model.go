package backendtest

import (
	"errors"
	"fmt"

	"github.com/anishathalye/porcupine"

	"github.com/oncewire/idempotency/backend"
)

// step is a call to a store, in a form that porcupine can compare. The model has no
// time: a lease is either endless or zero.
type step struct {
	method  string
	key     backend.Key
	token   backend.Token
	claim   backend.Claim
	renew   bool // Extend with an endless lease instead of zero
	outcome string
}

// reply is the result of a step.
type reply struct {
	rec  state
	lost bool
	err  string
}

// state is the state of a record in the model. The zero state is absent.
type state struct {
	state       backend.State
	token       backend.Token
	attempt     uint32
	fingerprint backend.Fingerprint
	expired     bool
	outcome     string
}

// stateOf returns the state that a record shows.
func stateOf(rec backend.Record) state {
	return state{rec.State, rec.Token, rec.Attempt, rec.Fingerprint, rec.Expired(), string(rec.Outcome)}
}

// started returns the state of a claim that has just won.
func started(c backend.Claim) state {
	return state{backend.Running, c.Token, c.Attempt, c.Fingerprint, false, ""}
}

// next is the contract as one function: it returns the reply of a step in a state,
// and the state after it.
func (s state) next(in step) (reply, state) {
	owns := s.state == backend.Running && s.token == in.token
	switch {
	case in.method == "Claim":
		return s.afterClaim(in.claim)
	case in.method == "Extend" && owns:
		s.expired = !in.renew
		return reply{}, s
	case in.method == "Complete" && owns:
		s.state, s.expired, s.outcome = backend.Done, false, in.outcome
		return reply{}, s
	case in.method == "Complete" && s.state == backend.Done && s.token == in.token:
		return reply{}, s
	case in.method == "Release" && (owns || s.state == 0):
		return reply{}, state{}
	default:
		return reply{lost: true}, s
	}
}

// afterClaim is next for Claim.
func (s state) afterClaim(c backend.Claim) (reply, state) {
	takeover := s.expired && s.token == c.Replaces
	if s.state == 0 || takeover {
		s = started(c)
	}
	return reply{rec: s}, s
}

// model is the contract for one key, in the form that porcupine needs.
var model = porcupine.Model{
	Partition: byKey,
	Init:      func() any { return state{} },
	Step: func(before, input, output any) (bool, any) {
		want, after := before.(state).next(input.(step))
		return output.(reply) == want, after
	},
}

// byKey splits a history into one history for each key.
func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[backend.Key][]porcupine.Operation{}
	for _, op := range history {
		key := op.Input.(step).key
		parts[key] = append(parts[key], op)
	}
	all := make([][]porcupine.Operation, 0, len(parts))
	for _, part := range parts {
		all = append(all, part)
	}
	return all
}

// apply calls the store as the step describes.
func (f *fixture) apply(in step) reply {
	var rec backend.Record
	var err error
	switch in.method {
	case "Claim":
		rec, err = f.store.Claim(f.Context(), in.key, in.claim)
	case "Extend":
		lease := long
		if !in.renew {
			lease = 0
		}
		err = f.extend(in.key, in.token, lease, long)
	case "Complete":
		err = f.complete(in.key, in.token, outcome(in.outcome))
	case "Release":
		err = f.release(in.key, in.token)
	}
	if err == nil || errors.Is(err, backend.ErrClaimLost) {
		return reply{rec: stateOf(rec), lost: err != nil}
	}
	return reply{err: fmt.Sprint(err)}
}
