package httpmw_test

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// TestNewRejectsOptions: the error names everything that is wrong.
func TestNewRejectsOptions(t *testing.T) {
	engine := newEngine(t)
	tests := map[string]struct {
		engine  *idempotency.Engine
		options []httpmw.Option
		want    []string
	}{
		"no engine":       {nil, nil, []string{"no engine"}},
		"nil option":      {engine, []httpmw.Option{httpmw.WithSetCookie(), nil}, []string{"option 2 is nil"}},
		"negative limits": {engine, []httpmw.Option{httpmw.WithMaxRequest(-1), httpmw.WithMaxResponse(-2)}, []string{"-1 bytes for request", "-2 bytes for response"}},
		"everything":      {nil, []httpmw.Option{nil, httpmw.WithMaxRequest(-1)}, []string{"no engine", "option 1 is nil", "-1 bytes for request"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guard, err := httpmw.New(test.engine, test.options...)
			if guard != nil || err == nil {
				t.Fatalf("got %v, %v", guard, err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got %q", lines)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], "httpmw: ") || !strings.Contains(lines[i], want) {
					t.Errorf("got %q, want %q", lines[i], want)
				}
			}
		})
	}
}
