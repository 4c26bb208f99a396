package idemgrpc_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// TestBadOptionsAreReportedTogether, each with the package's name.
func TestBadOptionsAreReportedTogether(t *testing.T) {
	guard, err := idemgrpc.NewInterceptor(nil, idemgrpc.WithSetCookie(), nil, idemgrpc.WithMaxResponse(-1))
	if guard != nil || err == nil {
		t.Fatalf("made %v, %v", guard, err)
	}
	findings := strings.Split(err.Error(), "\n")
	if len(findings) != 3 {
		t.Errorf("findings are %q", findings)
	}
	for i, part := range []string{"no engine", "option 2 is nil", "-1"} {
		if !strings.HasPrefix(findings[i], "idemgrpc: ") || !strings.Contains(findings[i], part) {
			t.Errorf("finding %d is %q, want %q in it", i, findings[i], part)
		}
	}
}

// TestNilAndZeroAreDefaults : a nil classifier, also after another one, and a
// maximum of zero.
func TestNilAndZeroAreDefaults(t *testing.T) {
	service := failing(codes.Aborted)
	client := serve(t, service, guarded(t, newEngine(t), idemgrpc.WithClassifier(nil), idemgrpc.WithMaxResponse(0)))
	create(client, "k", nil)
	ran, replayed := create(client, "k", nil), create(client, "k", nil)
	if ran.err != nil || replayed.err != nil || service.runs.Load() != 2 {
		t.Errorf("%v, %v, %d runs", ran.err, replayed.err, service.runs.Load())
	}
}

// TestDefaultUnrecordedFieldsIsACopy, so that a program can add a field to it.
func TestDefaultUnrecordedFieldsIsACopy(t *testing.T) {
	fields := idemgrpc.DefaultUnrecordedFields()
	if !slices.Contains(fields, "Traceparent") {
		t.Fatalf("the default is %v", fields)
	}
	fields[0] = "changed"
	if slices.Contains(idemgrpc.DefaultUnrecordedFields(), "changed") {
		t.Error("a change of the slice changes the default")
	}
}
