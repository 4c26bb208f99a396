package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// DefaultPrefix is the default of [WithPrefix].
const DefaultPrefix = "idem:"

// Option configures a store made by [New].
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

// WithPrefix sets the prefix of the name of every record in Redis. The default
// is "idem:". With an empty prefix a name is only the digest. The prefix must
// not contain braces, which would put all records of a Cluster into one slot.
func WithPrefix(prefix string) Option {
	return func(c *config) { c.prefix = prefix }
}

// WithTimeout limits the duration of every step, including the time that the
// client needs to get a connection, retry and follow redirections. A context
// that ends earlier ends the step earlier. The default, and the meaning of
// zero, is no limit other than the context: the engine already limits every
// step (idempotency.Limits.StoreTimeout). Steps that the store starts by itself
// then have 1 s. [New] refuses a negative timeout.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) { c.timeout = timeout }
}

// WithAutoPipeline sends the commands of concurrent callers together. This
// increases the number of commands per second. A command that is alone is sent
// directly, so a single caller neither gains nor loses anything. It uses the auto-pipeline of go-redis, which go-redis calls experimental,
// with the AutoPipelineOptions of the client. MaxQueuedCommands limits how many
// commands are queued while Redis does not answer. The pipeline ends with the
// client. The default is one round trip for each command.
func WithAutoPipeline() Option {
	return func(c *config) { c.autoPipeline = true }
}

// WithMinReplicas makes every winning claim and every completion wait until
// the given number of replicas has it. The step fails with [ErrTooFewReplicas]
// if they do not acknowledge it within the given time. The default, and the
// meaning of zero replicas, is not to wait. The time counts in whole
// milliseconds. It must be shorter than the timeout of a step and than the
// ReadTimeout of the client. Waiting costs a second round trip; replays and
// refusals do not wait.
//
// The option makes it less likely, but not impossible, that a failover loses a
// claim: replicas acknowledge what they hold in memory, and the election of a
// new master may choose a replica that does not have the claim.
func WithMinReplicas(replicas int, within time.Duration) Option {
	return func(c *config) { c.replicas, c.replicasIn = replicas, within }
}

// WithCompression compresses outcomes of at least threshold bytes in the S2
// format if that makes them smaller. Every store can read them, with or without
// the option. The default is not to compress. Zero tries to compress every
// outcome. [New] refuses a negative threshold.
func WithCompression(threshold int) Option {
	return func(c *config) { c.compress, c.compressFrom = true, threshold }
}

// WithSealer encrypts outcomes and authenticates records; see [NewAESGCM], and
// the package documentation on what a sealer protects. If the sealer rejects a
// finished record, Claim returns [backend.ErrCorrupt] and the operation does
// not run. It rejects records that were written without a sealer too, see
// [WithUnsealedReads]. A store without a sealer cannot read outcomes that were
// written with one. The default, and the meaning of nil, is not to seal.
func WithSealer(sealer Sealer) Option {
	return func(c *config) { c.sealer = sealer }
}

// WithUnsealedReads lets a store with a sealer also read finished records that
// are not sealed, or of which only the outcome is sealed, as development
// versions of this package wrote them. Use it after adding [WithSealer] to a
// service, until the last process without it has ended and one retention has
// passed. Records with the retention [backend.Forever] stay unsealed. While the
// option is set, anyone who can write to Redis can forge an outcome. The
// default is to reject such records. Without a sealer it has no effect.
func WithUnsealedReads() Option {
	return func(c *config) { c.unsealedReads = true }
}

// codec returns the codec that the options describe.
func (c *config) codec() codec {
	return codec{
		sealing:     sealing{sealer: c.sealer, prefix: keyPrefix(c.prefix), unsealedReads: c.unsealedReads},
		compression: compression{on: c.compress, threshold: c.compressFrom},
	}
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
	check(c.replicas >= 0, "number of replicas %d is negative", c.replicas)
	check(c.replicas <= 0 || c.replicasIn >= time.Millisecond, "time to wait for replicas %v is less than 1ms", c.replicasIn)
	check(c.replicas <= 0 || c.timeout <= 0 || c.replicasIn < c.timeout, "time to wait for replicas %v does not fit into the timeout %v", c.replicasIn, c.timeout)
	check(!c.compress || c.compressFrom >= 0, "compression threshold %d is negative", c.compressFrom)
	return errors.Join(problems...)
}
