package idemconnect2_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// TestBadOptionsAreReportedTogether, each with the package's name.
func TestBadOptionsAreReportedTogether(t *testing.T) {
	guard, err := idemconnect2.NewServerInterceptor(nil, idemconnect2.WithSetCookie(), nil, idemconnect2.WithMaxResponse(-1))
	if guard != nil || err == nil {
		t.Fatalf("made %v, %v", guard, err)
	}
	findings := strings.Split(err.Error(), "\n")
	if len(findings) != 3 {
		t.Errorf("findings are %q", findings)
	}
	for i, part := range []string{"no engine", "option 2 is nil", "-1"} {
		if !strings.HasPrefix(findings[i], "idemconnect2: ") || !strings.Contains(findings[i], part) {
			t.Errorf("finding %d is %q, want %q in it", i, findings[i], part)
		}
	}
}

// TestNilAndZeroAreDefaults : a nil classifier, also after another one, and a
// maximum of zero.
func TestNilAndZeroAreDefaults(t *testing.T) {
	service := failing(connect.NewError(connect.CodeAborted, "no"))
	client := payments(t, service, newEngine(t), idemconnect2.WithClassifier(nil), idemconnect2.WithMaxResponse(0)).newClient()
	_, _ = create(client, "k", nil)
	_, err1 := create(client, "k", nil)
	_, err2 := create(client, "k", nil)
	if err1 != nil || err2 != nil || service.runs.Load() != 2 {
		t.Errorf("%v, %v, %d runs", err1, err2, service.runs.Load())
	}
}

// TestDefaultUnrecordedFieldsIsACopy, so that a program can add a field to it.
func TestDefaultUnrecordedFieldsIsACopy(t *testing.T) {
	fields := idemconnect2.DefaultUnrecordedFields()
	if !slices.Contains(fields, "Traceparent") {
		t.Fatalf("the default is %v", fields)
	}
	fields[0] = "changed"
	if slices.Contains(idemconnect2.DefaultUnrecordedFields(), "changed") {
		t.Error("a change of the slice changes the default")
	}
}
