package fingerprint_test

import (
	"crypto/sha256"
	"testing"

	"github.com/oncewire/idempotency/internal/fingerprint"
)

func TestNew(t *testing.T) {
	made := fingerprint.New(fingerprint.HTTP, []byte("body"))
	if made[0] != fingerprint.HTTP {
		t.Errorf("algorithm %d, want %d", made[0], fingerprint.HTTP)
	}
	if [32]byte(made[1:]) != sha256.Sum256([]byte("body")) {
		t.Errorf("digest %x", made[1:])
	}
}
