package benchmarks_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/oncewire/idempotency/benchmarks/internal/subject"
	"github.com/oncewire/idempotency/internal/redistest"
)

// TestSubjectsAnswerCorrectly: each subject does the works that it is measured with, in
// memory and on Redis.
func TestSubjectsAnswerCorrectly(t *testing.T) {
	for _, s := range subject.All() {
		t.Run(s.Name+"/memory", func(t *testing.T) { checkSubject(t, s, "") })
		t.Run(s.Name+"/redis", func(t *testing.T) { checkSubject(t, s, redistest.Shared(t).Addr()) })
	}
}

func checkSubject(t *testing.T, s subject.Subject, redis string) {
	t.Helper()
	for _, size := range subject.Sizes() {
		effect := &subject.Effect{Answer: size.Answer()}
		server := s.Open(t, effect, redis)
		for _, work := range s.Works {
			t.Run(size.Name+"/"+work, func(t *testing.T) {
				prepared := prepare(t, server, effect, size, work)
				defer prepared.end()
				before := effect.Calls()
				status, answer := prepared.call(freshKey())
				if want := statusOf[work]; status != want {
					t.Errorf("status %d, want %d", status, want)
				}
				if status == http.StatusCreated && string(answer) != string(effect.Answer) {
					t.Errorf("an answer of %d bytes, want %d", len(answer), len(effect.Answer))
				}
				ran := effect.Calls() - before
				if want := slices.Contains([]string{"none", "first"}, work); (ran == 1) != want || ran > 1 {
					t.Errorf("the handler ran %d times", ran)
				}
			})
		}
		server.Close()
	}
}

// statusOf is the status of each work.
var statusOf = map[string]int{
	"none": http.StatusCreated, "first": http.StatusCreated, "replay": http.StatusCreated,
	"running": http.StatusConflict, "mismatch": http.StatusUnprocessableEntity,
}
