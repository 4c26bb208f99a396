package httpmw_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func TestPeerScope(t *testing.T) {
	handler := count(ok)
	engine := newEngine(t, idempotency.WithScope(idempotency.ScopeFromContext))
	guarded := httpmw.PeerScope(newGuard(t, engine).Wrap(handler))
	from := func(name string) answer {
		request := newRequest(key, "")
		leaf := &x509.Certificate{Subject: pkix.Name{CommonName: name}}
		request.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{leaf}}}
		return do(guarded, request)
	}
	from("anna").is(t, http.StatusOK, "done", false)
	from("berta").is(t, http.StatusOK, "done", false)
	from("anna").is(t, http.StatusOK, "done", true)
	post(guarded, key, "").refuses(t, http.StatusUnauthorized, idempotency.ReasonScopeUnknown)
	handler.ran(t, 2)
}

func TestCredentialsWithoutScopeAreTold(t *testing.T) {
	told := new(observed)
	guarded := newGuard(t, newEngine(t, idempotency.WithObserver(told))).Wrap(count(ok))
	for n, field := range []string{"", "Authorization", "Cookie"} {
		request := newRequest(key+string(rune('a'+n)), "")
		if field != "" {
			request.Header.Set(field, "secret")
		}
		do(guarded, request)
	}
	unscoped := 0
	for _, event := range *told {
		if event.Kind == idempotency.EventUnscoped {
			unscoped++
		}
	}
	if unscoped != 1 {
		t.Errorf("told %d times", unscoped)
	}
}
