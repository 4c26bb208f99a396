package replayed_test

import (
	"context"
	"slices"
	"testing"

	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/replayed"
)

// guarded is the context of a guarded handler.
type guarded struct {
	context.Context

	key string
}

func (g guarded) Value(key any) any {
	switch key {
	case mark.ContextKey{}:
		return g
	case replayed.ContextKey{}:
		return nil
	default:
		return g.Context.Value(key)
	}
}

func (g guarded) MarkedCall() (operation, key string, outer context.Context) {
	return "/a", g.key, g.Context
}

// TestWhoIsTold: the layers are o (the outermost) and p, a guard with the key k, and q.
func TestWhoIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		inside bool   // the replay is one of a guard in the handler
		key    string // of the replay
		want   []bool // o, p, q
	}{
		"the guard itself":                {false, "k", []bool{true, true, false}},
		"a guard in it with the same key": {true, `"k"`, []bool{true, true, true}},
		"another call of the handler":     {true, "l", []bool{false, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, o := replayed.NewContext(t.Context())
			ctx, p := replayed.NewContext(ctx)
			inside, q := replayed.NewContext(guarded{ctx, "k"})
			if test.inside {
				ctx = inside
			}
			replayed.Set(ctx, test.key)
			if got := []bool{o(), p(), q()}; !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestNobodyAsks(t *testing.T) {
	replayed.Set(t.Context(), "k")
	replayed.Set(guarded{t.Context(), "k"}, "k")
}
