// Package peer derives a caller's scope from its TLS connection.
package peer

import (
	"crypto/tls"
	"errors"
)

var errNoCertificate = errors.New("the peer presented no certificate that was verified")

// Scope names the caller at the other end of a connection by its verified
// certificate: by its first URI (as in SPIFFE), otherwise by issuer and subject,
// so that a renewed certificate is the same caller. It fails if the certificate
// was not verified or is missing; the connection may be nil.
func Scope(connection *tls.ConnectionState) (string, error) {
	if connection == nil || len(connection.VerifiedChains) == 0 || len(connection.VerifiedChains[0]) == 0 {
		return "", errNoCertificate
	}
	leaf := connection.VerifiedChains[0][0]
	if len(leaf.URIs) > 0 {
		return "uri:" + leaf.URIs[0].String(), nil
	}
	return "name:" + leaf.Issuer.String() + "\n" + leaf.Subject.String(), nil
}
