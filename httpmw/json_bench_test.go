package httpmw

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/oncewire/idempotency/internal/fingerprint"
)

// BenchmarkCanonicalJSON shows that the fingerprint of the most expensive bodies
// takes at most three times the time and twice the memory of decoding them.
func BenchmarkCanonicalJSON(b *testing.B) {
	inputs := []hostileBody{{"payment", usualBody}}
	for _, size := range []int{1, 4} {
		for _, input := range hostileBodies(size << 20) {
			inputs = append(inputs, hostileBody{fmt.Sprintf("%s, %d MiB", input.name, size), input.text})
		}
	}
	for _, input := range inputs {
		body := []byte(input.text)
		b.Run(input.name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				decodeAny(b, body)
			}
		})
		for _, algorithm := range []byte{fingerprint.HTTPJSON, fingerprint.HTTPJSONNumbers} {
			b.Run(fmt.Sprintf("%s/fingerprint-%d", input.name, algorithm), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					if _, ok := fingerprintJSON(algorithm, nil, body); !ok {
						b.Fatal("no canonical form")
					}
				}
			})
		}
	}
}

func decodeAny(t testing.TB, body []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
}

const usualBody = `{"amount": 1250, "currency": "EUR", "customer": "cus_9s6XKzkNRiz8i3",
	"description": "two tickets for the evening", "metadata": {"order": "7711", "channel": "web"}}`

// hostileBody is a large request; its name says what it has much of.
type hostileBody struct{ name, text string }

// hostileBodies are of about the given size in bytes.
func hostileBodies(size int) []hostileBody {
	elements := func(each string) string { return "[" + strings.Repeat(each+",", size/(len(each)+1)) + "0]" }
	deep := elements("1")
	for range maxDepth - 1 {
		deep = `{"b":` + deep + `,"a":0}`
	}
	return []hostileBody{
		{"digits", elements("1")},
		{"fractions", elements("-1234.56789e-12")},
		{"long number", fmt.Sprintf("1%se-%d", strings.Repeat("0", size), size)},
		{"long zero", "0." + strings.Repeat("0", size) + "e5"},
		{"strings", elements(`"a"`)},
		{"one string", `"` + strings.Repeat("x", size) + `"`},
		{"escapes", `"` + strings.Repeat(`\n`, size/2) + `"`},
		{"unicode escapes", `"` + strings.Repeat(`\ud83d\ude00`, size/12) + `"`},
		{"members in order", members(size, func(i, _ int) int { return i })},
		{"members reversed", members(size, func(i, n int) int { return n - i })},
		{"members at random", members(size, func(i, n int) int { return i * 7919 % n })},
		{"empty objects", elements("{}")},
		{"small objects", elements(`{"a":1}`)},
		{"objects reversed", elements(`{"b":1,"a":1}`)},
		{"arrays", elements("[]")},
		{"deep", elements(strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1))},
		{"deep and reversed", deep},
		{"white space", "[" + strings.Repeat(" ", size) + "]"},
	}
}

func members(size int, name func(i, n int) int) string {
	var text strings.Builder
	n := size / 13
	for i := range n {
		fmt.Fprintf(&text, `,"%08d":1`, name(i, n))
	}
	return "{" + text.String()[1:] + "}"
}
