package suite

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
)

// grace is less than what the suite gives a server that it has told to end.
const grace = 3 * time.Second

// Serve listens as the suite asks on in, says on out where, and serves until
// the context is done.
func Serve(ctx context.Context, in io.Reader, out io.Writer, handle func(*conformancev1.ServerCompatRequest) http.Handler) error {
	asked := new(conformancev1.ServerCompatRequest)
	if err := read(in, asked); err != nil {
		return err
	}
	security, err := tlsConfig(asked)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handle(asked),
		Protocols:         protocols(asked.GetHttpVersion()),
		TLSConfig:         security,
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that hang up are part of the suite
	}
	ended := make(chan error, 1)
	go func() { ended <- listen(server, listener) }()
	if err := write(out, where(asked, listener)); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return shutDown(server)
	}
}

func listen(server *http.Server, listener net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(listener, "", "")
	}
	return server.Serve(listener)
}

func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		return server.Close()
	}
	return nil
}

func where(asked *conformancev1.ServerCompatRequest, listener net.Listener) *conformancev1.ServerCompatResponse {
	said := &conformancev1.ServerCompatResponse{Host: "127.0.0.1", PemCert: asked.GetServerCreds().GetCert()}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		said.Port = uint32(address.Port)
	}
	return said
}

func protocols(version conformancev1.HTTPVersion) *http.Protocols {
	protocols := new(http.Protocols)
	if version == conformancev1.HTTPVersion_HTTP_VERSION_1 {
		protocols.SetHTTP1(true)
		return protocols
	}
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}

func tlsConfig(asked *conformancev1.ServerCompatRequest) (*tls.Config, error) {
	if !asked.GetUseTls() {
		return nil, nil //nolint:nilnil // a server without TLS
	}
	certificate, err := tls.X509KeyPair(asked.GetServerCreds().GetCert(), asked.GetServerCreds().GetKey())
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if trusted := asked.GetClientTlsCert(); len(trusted) > 0 {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(trusted)
	}
	return config, nil
}

// Messages of the suite have their length in front, as four bytes.

func read(in io.Reader, message proto.Message) error {
	var length uint32
	if err := binary.Read(in, binary.BigEndian, &length); err != nil {
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(in, int64(length)))
	if err != nil {
		return err
	}
	return proto.Unmarshal(raw, message)
}

func write(out io.Writer, message proto.Message) error {
	raw, err := proto.Marshal(message)
	if err != nil {
		return err
	}
	_, err = out.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...))
	return err
}
