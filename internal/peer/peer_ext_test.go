package peer_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"testing"

	"github.com/oncewire/idempotency/internal/peer"
)

// verified is a connection whose peer's certificate was verified.
func verified(leaf *x509.Certificate) *tls.ConnectionState {
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}, VerifiedChains: [][]*x509.Certificate{{leaf}}}
}

func certificate(issuer, subject string, uris ...string) *x509.Certificate {
	leaf := &x509.Certificate{Issuer: pkix.Name{CommonName: issuer}, Subject: pkix.Name{CommonName: subject}}
	for _, uri := range uris {
		leaf.URIs = append(leaf.URIs, &url.URL{Scheme: "spiffe", Host: uri})
	}
	return leaf
}

func TestPeerScopeTellsCallersApart(t *testing.T) {
	scopes := map[string]string{}
	for name, leaf := range map[string]*x509.Certificate{
		"a caller":         certificate("ca", "anna"),
		"another":          certificate("ca", "berta"),
		"another's issuer": certificate("other ca", "anna"),
		"a look-alike":     certificate("ca\nCN=anna", ""),
		"a workload":       certificate("ca", "anna", "acme/pay"),
		"another workload": certificate("ca", "anna", "acme/ship"),
	} {
		scope, err := peer.Scope(verified(leaf))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other, taken := scopes[scope]; taken {
			t.Errorf("%s and %s share the scope %q", name, other, scope)
		}
		scopes[scope] = name
	}
}

func TestPeerScopeWantsAVerifiedCertificate(t *testing.T) {
	for name, connection := range map[string]*tls.ConnectionState{
		"no TLS":         nil,
		"no certificate": {},
		"not verified":   {PeerCertificates: []*x509.Certificate{certificate("ca", "anna")}},
	} {
		if scope, err := peer.Scope(connection); err == nil {
			t.Errorf("%s: scope %q", name, scope)
		}
	}
}
