package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// pasted is the answer to a printed command.
type pasted struct {
	id       string
	replayed bool
}

// paste runs a printed command. It runs curl if it is installed, and otherwise makes
// the same request. It never runs grpcurl, which few machines have.
func paste(t *testing.T, line string) pasted {
	t.Helper()
	if _, err := exec.LookPath("curl"); err == nil && strings.HasPrefix(line, "curl ") {
		return pasteCurl(t, line)
	}
	c := readCommand(line)
	if strings.HasPrefix(line, "curl ") {
		return c.likeCurl(t)
	}
	return c.likeGRPCurl(t)
}

func pasteCurl(t *testing.T, line string) pasted {
	t.Helper()
	output, err := exec.Command("sh", "-c", line+" -s").Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(output)), nil)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return readPasted(t, response)
}

func readPasted(t *testing.T, response *http.Response) pasted {
	t.Helper()
	defer response.Body.Close()
	var payment struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&payment); err != nil {
		t.Fatal(err)
	}
	return pasted{payment.ID, response.Header.Get("Idempotent-Replayed") == "true"}
}

// command is a parsed command.
type command struct {
	headers map[string]string
	data    string
	rest    []string
}

// readCommand parses the syntax that the printed commands use.
func readCommand(line string) command {
	c := command{headers: map[string]string{}}
	words := splitWords(line)
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			c.headers[name] = value
		case "-d":
			i++
			c.data = words[i]
		default:
			c.rest = append(c.rest, words[i])
		}
	}
	return c
}

func splitWords(line string) (words []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func (c command) likeCurl(t *testing.T) pasted {
	t.Helper()
	url := c.rest[slices.IndexFunc(c.rest, func(word string) bool { return strings.HasPrefix(word, "http://") })]
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(c.data))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	response, err := httpClient(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return readPasted(t, response)
}

func (c command) likeGRPCurl(t *testing.T) pasted {
	t.Helper()
	address, method := c.rest[len(c.rest)-2], c.rest[len(c.rest)-1]
	if "/"+method != paymentsv1.PaymentService_CreatePayment_FullMethodName {
		t.Fatalf("calls %q", method)
	}
	request := new(paymentsv1.CreatePaymentRequest)
	if err := protojson.Unmarshal([]byte(c.data), request); err != nil {
		t.Fatal(err)
	}
	var header metadata.MD
	ctx := metadata.NewOutgoingContext(t.Context(), metadata.New(c.headers))
	payment, err := newGRPCClient(t, address).CreatePayment(ctx, request, grpc.Header(&header))
	if err != nil {
		t.Fatal(err)
	}
	return pasted{payment.GetId(), value(header, "idempotent-replayed") == "true"}
}
