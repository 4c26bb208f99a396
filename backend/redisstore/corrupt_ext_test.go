package redisstore_test

import (
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"testing"

	"github.com/oncewire/idempotency/backend"
)

// TestCorruptIsNotChanged stores various invalid values in place of a record. Claims
// are refused, and no step changes or removes the value.
func TestCorruptIsNotChanged(t *testing.T) {
	client := connect(t)
	s := store(t, client)
	whole := sample(t)
	values := []string{"x", "null", whole[:63], "\x02" + whole[1:], "\x01\x00" + whole[2:], "\x01\x04" + whole[2:], "\x01\x01\x08" + whole[3:], "\x01\x01" + whole[2:] + "payload", whole[:56] + "\xff\xff\xff\xff\xff\xff\xff\xff"}
	for range 50 {
		noise := make([]byte, mathrand.IntN(200)+1)
		_, _ = rand.Read(noise)
		values = append(values, string(noise))
	}
	for _, value := range values {
		key, c := newKey(), newClaim()
		copy(c.Token[:], whole[3:19])
		replacing := newClaim()
		replacing.Replaces = c.Token
		name := "idem:" + key.String()
		ok(t, client.Set(t.Context(), name, value, 0).Err())
		for _, claim := range []backend.Claim{newClaim(), replacing} {
			if _, err := s.Claim(t.Context(), key, claim); !errors.Is(err, backend.ErrCorrupt) {
				t.Errorf("%q: Claim: %v, want ErrCorrupt", value, err)
			}
		}
		if left := client.Get(t.Context(), name).Val(); left != value {
			t.Errorf("%q became %q", value, left)
		}
	}
}

// sample returns the value of a running record.
func sample(t *testing.T) string {
	t.Helper()
	client := connect(t)
	key := newKey()
	win(t, store(t, client), key)
	return client.Get(t.Context(), "idem:"+key.String()).Val()
}

// TestOtherTypes: the key of the record holds a list.
func TestOtherTypes(t *testing.T) {
	client := connect(t)
	s, key, c := store(t, client), newKey(), newClaim()
	ok(t, client.RPush(t.Context(), "idem:"+key.String(), "an element").Err())
	_, err := s.Claim(t.Context(), key, c)
	want(t, err, backend.ErrCorrupt)
	c.Replaces[0] = 1
	_, err = s.Claim(t.Context(), key, c)
	want(t, err, backend.ErrCorrupt)
	want(t, s.Complete(t.Context(), key, c.Token, outcome("")), backend.ErrCorrupt)
	if n := client.LLen(t.Context(), "idem:"+key.String()).Val(); n != 1 {
		t.Errorf("the list has %d elements, want 1", n)
	}
}
