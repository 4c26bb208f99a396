package pgstore_test

import (
	"os"
	"regexp"
	"testing"
)

// TestSettingsOfDeadConnections that docs/postgres.md names can be part of the pool's
// connection string, unless they need a newer server.
func TestSettingsOfDeadConnections(t *testing.T) {
	d := own(t)
	page, err := os.ReadFile("../../docs/postgres.md")
	ok(t, err)
	settings := regexp.MustCompile("`((?:tcp_keepalives|client_connection|idle_in)[a-z_]*)=([0-9]+s?)`").FindAllStringSubmatch(string(page), -1)
	if len(settings) != 5 {
		t.Fatalf("found %d settings, want 5", len(settings))
	}
	for _, setting := range settings {
		var got string
		ok(t, d.pool(t, setting[1]+"="+setting[2]).QueryRow(t.Context(), "SHOW "+setting[1]).Scan(&got))
		if got != setting[2] {
			t.Errorf("%s is %s, want %s", setting[1], got, setting[2])
		}
	}
}
