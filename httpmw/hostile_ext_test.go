package httpmw_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/httpmw"
)

// TestSlowBodyHoldsNothing: a client that sends half of a body and stops holds no
// claim, so it cannot block another call with the same key.
func TestSlowBodyHoldsNothing(t *testing.T) {
	handler := count(ok)
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(handler))
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
		"Idempotency-Key: "+key+"\r\nContent-Length: 4\r\n\r\nha")
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, server.URL+"/v1/payments", strings.NewReader("half"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	read(response).is(t, http.StatusOK, "done", false)
	handler.ran(t, 1)
}

// TestBodyBombIsNotUnpacked: a body is compared as it was sent, in any coding.
func TestBodyBombIsNotUnpacked(t *testing.T) {
	handler := count(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	guarded := newGuard(t, newEngine(t), httpmw.WithMaxRequest(100)).Wrap(handler)
	request := newRequest(key, "a gzip bomb")
	request.Header.Set("Content-Encoding", "gzip")
	do(guarded, request).is(t, http.StatusOK, "a gzip bomb", false)
	chunked := newRequest(key+"2", "")
	chunked.Body, chunked.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20))), -1
	do(guarded, chunked).refuses(t, http.StatusRequestEntityTooLarge, idempotency.ReasonRequestTooLarge)
}

func TestHeaderFlood(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	request := newRequest("", "")
	for range 10_000 {
		request.Header.Add("Idempotency-Key", key)
	}
	do(guarded, request).refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyInvalid)
	handler.ran(t, 0)
}

func TestNewerRecordIsNotRunAgain(t *testing.T) {
	raw, err := proto.Marshal(&idempotencyv1.Outcome{
		Format: 2, Kind: &idempotencyv1.Outcome_Http{Http: &idempotencyv1.HttpOutcome{Status: 200}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Without a fingerprint, so that only the outcome prevents a replay.
	engine, handler := newEngine(t), count(ok)
	_, err = engine.Operation("POST /v1/payments", idempotency.Policy{}).Run(t.Context(), idempotency.Call{Key: key},
		func(context.Context) idempotency.Answer {
			return idempotency.Answer{Verdict: idempotency.Record, Outcome: raw}
		})
	if err != nil {
		t.Fatal(err)
	}
	post(newGuard(t, engine).Wrap(handler), key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnreadable)
	handler.ran(t, 0)
}
