package redisstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// DefaultPrefix is what names of records begin with, see [WithPrefix].
const DefaultPrefix = "idem:"

// Option changes how a store made by [New] behaves.
type Option func(*config)

type config struct {
	prefix       string
	timeout      time.Duration
	autoPipeline bool
	replicas     int
	replicasIn   time.Duration
	compress     bool
	compressFrom int
	sealer       Sealer

	unsealedReads bool
}

func defaults() config { return config{prefix: DefaultPrefix} }

// WithPrefix sets what the name of every record in Redis begins with. The
// default is "idem:"; an empty prefix leaves the bare digest. It may not
// contain braces, which would put every record of a Cluster in one slot.
func WithPrefix(prefix string) Option {
	return func(c *config) { c.prefix = prefix }
}

// WithTimeout bounds every step, with all that the client does within it:
// waiting for a connection, retries, redirections. A context that ends sooner
// ends the step sooner. The default, and the meaning of zero, is to leave it
// to the context, as the engine bounds every step already
// (idempotency.WithStoreTimeout); what the store does on its own account then
// has 1 s. Less than zero is refused.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) { c.timeout = timeout }
}

// WithAutoPipeline sends the commands of concurrent callers together, which
// gives more of them per second; a lone caller gains nothing. It uses the
// auto-pipeline that go-redis calls experimental, with the client's own
// AutoPipelineOptions, of which MaxQueuedCommands bounds what piles up while
// Redis hangs; and it ends with the client. The default is one round trip for
// each command.
func WithAutoPipeline() Option {
	return func(c *config) { c.autoPipeline = true }
}

// WithMinReplicas has every claim that wins, and every completion, wait until
// so many replicas have it, and fail with [ErrTooFewReplicas] if they do not
// within the given time. The default, and the meaning of zero replicas, is not
// to wait. The time is in whole milliseconds, and must be shorter than that of a
// step and than the client's ReadTimeout. It costs a second round
// trip; replays and refusals do not pay it.
//
// It makes the loss of a claim in a failover less likely, not impossible:
// replicas acknowledge what they have in memory, and the election of a new
// master may pass over the one that has it.
func WithMinReplicas(replicas int, within time.Duration) Option {
	return func(c *config) { c.replicas, c.replicasIn = replicas, within }
}

// WithCompression compresses outcomes of at least so many bytes, in the S2
// format, where that makes them smaller. Every store can read them, with or
// without the option. The default is not to compress; zero compresses whatever
// gets smaller, and less than zero is refused.
func WithCompression(threshold int) Option {
	return func(c *config) { c.compress, c.compressFrom = true, threshold }
}

// WithSealer encrypts outcomes and authenticates records, see [NewAESGCM] and
// the package documentation on what a sealer protects. A finished record whose
// header and outcome the sealer does not confirm is unreadable: Claim returns
// [backend.ErrCorrupt] and the operation does not run. That includes records
// that were written without a sealer, see [WithUnsealedReads]; and a store
// without a sealer can read no outcome that was written with one. The default,
// and the meaning of nil, is not to seal.
func WithSealer(sealer Sealer) Option {
	return func(c *config) { c.sealer = sealer }
}

// WithUnsealedReads has a store with a sealer also read finished records that
// are not sealed, or whose outcome alone is, as development versions of this
// package wrote them. It is for the time after [WithSealer] was added to a
// service, until the last process without it has ended and one retention has
// passed; with [backend.Forever] as a retention that time does not end by
// itself. While it is set, whoever can write to Redis can forge an answer. The
// default is to refuse such records. It has no effect without a sealer.
func WithUnsealedReads() Option {
	return func(c *config) { c.unsealedReads = true }
}

// name returns where the record of key stands in Redis.
func (c *config) name(key backend.Key) string {
	room := make([]byte, 0, len(c.prefix)+2*len(key))
	return string(hex.AppendEncode(append(room, c.prefix...), key[:]))
}

// ownTimeout bounds what nobody's context bounds.
func (c *config) ownTimeout() time.Duration {
	if c.timeout > 0 {
		return c.timeout
	}
	return time.Second
}

func (c *config) validate() error {
	var problems []error
	check := func(fine bool, format string, arguments ...any) {
		if !fine {
			problems = append(problems, fmt.Errorf("redisstore: "+format, arguments...))
		}
	}
	check(!strings.ContainsAny(c.prefix, "{}"), "prefix %q contains a brace", c.prefix)
	check(c.timeout >= 0, "timeout %v is negative", c.timeout)
	check(c.replicas >= 0, "%d replicas are fewer than none", c.replicas)
	check(c.replicas <= 0 || c.replicasIn >= time.Millisecond, "%v is no time to wait for replicas", c.replicasIn)
	check(c.replicas <= 0 || c.timeout <= 0 || c.replicasIn < c.timeout, "waiting %v for replicas does not fit into a timeout of %v", c.replicasIn, c.timeout)
	check(!c.compress || c.compressFrom >= 0, "compression threshold %d is negative", c.compressFrom)
	return errors.Join(problems...)
}
