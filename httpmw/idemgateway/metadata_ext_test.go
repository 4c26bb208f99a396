package idemgateway_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

func TestKeyForwardedOnce(t *testing.T) {
	everything := func(name string) (string, bool) { return strings.ToLower(name), true }
	matchers := map[string]runtime.HeaderMatcherFunc{
		"default": runtime.DefaultHeaderMatcher,
		"legacy":  runtime.LegacyHeaderMatcher,
		"user's": func(name string) (string, bool) {
			if name == "Idempotency-Key" {
				return everything(name)
			}
			return "", false
		},
	}
	for name, matcher := range matchers {
		for _, keys := range [][]string{{"abc-123"}, {`"abc-123"`}, {"a", "b"}} {
			service := new(payments)
			address, _ := serve(t, service, nil)
			options := append(idemgateway.ServeMuxOptions(), runtime.WithIncomingHeaderMatcher(matcher))
			rest := newREST(t, newMux(t, address, options...))
			rest.send(http.MethodPost, collection, body, http.Header{
				"Idempotency-Key":               keys,
				"Grpc-Metadata-Idempotency-Key": {"smuggled"},
			})
			if got := service.keys.Load(); !slices.Equal(*got, keys) {
				t.Errorf("%s matcher: service got %q, want %q", name, *got, keys)
			}
		}
	}
}

func TestOtherAnnotatorsStay(t *testing.T) {
	tenant := make(chan []string, 1)
	service := &payments{fail: func(ctx context.Context) error {
		tenant <- metadata.ValueFromIncomingContext(ctx, "tenant")
		return nil
	}}
	address, _ := serve(t, service, nil)
	options := append(idemgateway.ServeMuxOptions(), runtime.WithMetadata(
		func(context.Context, *http.Request) metadata.MD { return metadata.Pairs("tenant", "acme") }))
	newREST(t, newMux(t, address, options...)).post("key-1")
	if got := <-tenant; !slices.Equal(got, []string{"acme"}) {
		t.Errorf("tenant %q", got)
	}
}

func TestBinaryMetadata(t *testing.T) {
	want := []string{base64.RawStdEncoding.EncodeToString([]byte(blob))}
	for name, fail := range map[string]func(context.Context) error{
		"success": nil,
		"error":   func(context.Context) error { return errors.New("out of luck") },
	} {
		t.Run(name, func(t *testing.T) {
			rest := guardedService(t, &payments{fail: fail})
			for _, a := range []answer{rest.post("key-1"), rest.post("key-1")} {
				if got := a.header["Grpc-Metadata-Blob-Bin"]; !slices.Equal(got, want) {
					t.Errorf("got %q in %v, want %q", got, a.header, want)
				}
			}
		})
	}
}

func TestTrailers(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{
		"success": nil,
		"error":   func(context.Context) error { return errors.New("out of luck") },
	} {
		t.Run(name, func(t *testing.T) {
			rest := guardedService(t, &payments{fail: fail})
			var answers [2]answer
			for i := range answers {
				answers[i] = rest.send(http.MethodPost, collection, body,
					http.Header{"Idempotency-Key": {"key-1"}, "Te": {"trailers"}})
				if got := answers[i].trailer; len(got) != 1 || got.Get("Grpc-Trailer-X-Cost") != "7" {
					t.Errorf("trailers %v", got)
				}
			}
			wantReplay(t, answers[0], answers[1])
		})
	}
}

// TestMarkedEverywhere: a service without this library may set the marker in the
// header and in the trailer of an error.
func TestMarkedEverywhere(t *testing.T) {
	address, _ := serve(t, &payments{fail: func(ctx context.Context) error {
		marker := metadata.Pairs("idempotent-replayed", "true")
		_, _ = grpc.SetHeader(ctx, marker), grpc.SetTrailer(ctx, marker)
		return errors.New("out of luck")
	}}, nil)
	got := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions()...)).post("key-1")
	if values := got.header["Idempotent-Replayed"]; !slices.Equal(values, []string{"true"}) {
		t.Errorf("marker %q", values)
	}
}

func TestFieldNames(t *testing.T) {
	engine := newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{Field: "X-Once"}), idempotency.WithReplayedField("x-AGAIN"))
	operation := engine.Operation("*", idempotency.Policy{})
	service := new(payments)
	address, _ := serve(t, service, engine)
	rest := newREST(t, newMux(t, address, idemgateway.ServeMuxOptions(
		idemgateway.WithKeyField(operation.KeyField()),
		idemgateway.WithReplayedField(operation.ReplayedField()),
	)...))
	for _, replayed := range []string{"", "true"} {
		got := rest.send(http.MethodPost, collection, body, http.Header{"X-Once": {"key-1"}})
		if got.header.Get("X-Again") != replayed {
			t.Errorf("marker %q in %v, want %q", got.header.Get("X-Again"), got.header, replayed)
		}
	}
	wantRuns(t, service, 1)
}
