package idempotency

import (
	"cmp"
	"context"
	"crypto/tls"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/clientkey"
	"github.com/oncewire/idempotency/internal/fingerprint"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/peer"
)

// Everything in this file is going away.

// WithKeyField names the header or metadata field that carries the key. The
// default is Idempotency-Key. Case does not matter.
func WithKeyField(name string) Option {
	return func(c *config) { c.keys.Field = name }
}

// WithMaxKeyLength bounds the characters of a key, quotes not counted. The
// default is 255.
func WithMaxKeyLength(characters int) Option {
	return func(c *config) { c.keys.MaxLength = characters }
}

// WithUUIDKeys refuses every key that is not a textual UUID (RFC 9562, any
// version): with hyphens or without, in braces, as urn:uuid:, in any case, all
// of which are the same key. The default is to take any visible ASCII.
func WithUUIDKeys() Option {
	return func(c *config) { c.keys.UUID = true }
}

// WithKeyValidator refuses every key for which the function returns an error,
// with [ErrKeyInvalid]. The error is wrapped, and is never shown to a client.
// The function sees the key as the client wrote it, without quotes: after the
// checks of length and characters and before those of [WithUUIDKeys]. It must be
// safe for concurrent use. The default, and the meaning of nil, is none.
func WithKeyValidator(validate func(key string) error) Option {
	return func(c *config) { c.keys.Validate = validate }
}

// WithKeyRequired refuses calls without a key, with [ErrKeyMissing], wherever
// an adapter guards: not on streams, on methods without side effects, or on
// health checks and reflection. The default is to let them run unguarded.
func WithKeyRequired() Option {
	return func(c *config) { c.policies.base.Key = KeyRequired }
}

// WithLease sets how long a claim lives without a heartbeat, and so how long
// a key stays blocked after a crash. The default is 30 s, the least is 100 ms.
// Handlers may run longer: the lease is extended while they do.
func WithLease(lease time.Duration) Option {
	return func(c *config) { c.policies.base.Lease = lease }
}

// WithRetention sets how long an outcome is replayed. The default is 24 h, the
// least is 1 s; [Forever] keeps it without end. An expired claim stays visible
// as long.
func WithRetention(retention time.Duration) Option {
	return func(c *config) { c.policies.base.Retention = retention }
}

// WithOnAbandoned decides about a call whose predecessor never ended. The
// default is [Retry].
func WithOnAbandoned(policy AbandonPolicy) Option {
	return func(c *config) { c.policies.base.OnAbandoned = policy }
}

// WithWait lets a call that finds another one running wait for its answer
// for at most this long, and no longer than its own deadline, before it is
// refused with [ErrInProgress]. The default, zero, refuses at once. See
// [WithMaxWaiters].
func WithWait(maxWait time.Duration) Option {
	return func(c *config) { c.policies.base.Wait = maxWait }
}

// WithMaxWaiters bounds the calls that wait at the same time, since each of them
// holds its request: those for one key, and all of the engine. One more is
// refused with [ErrInProgress] at once. The defaults are 100 and 1000.
func WithMaxWaiters(perKey, total int) Option {
	return func(c *config) { c.limits.WaitersPerKey, c.limits.Waiters = perKey, total }
}

// WithRetryAfter sets what a refused client is told to wait before it tries
// again. The default is 1 s.
func WithRetryAfter(wait time.Duration) Option {
	return func(c *config) { c.policies.base.RetryAfter = wait }
}

// WithStoreTimeout bounds each single step of the store. The default is 5 s.
func WithStoreTimeout(timeout time.Duration) Option {
	return func(c *config) { c.limits.StoreTimeout = timeout }
}

// WithDetached lets a handler run on when its client hangs up or its client's
// deadline passes, for at most the given time; zero sets no bound. The default
// is to cancel the handler with its client.
func WithDetached(maxTime time.Duration) Option {
	return func(c *config) { c.policies.base.Detached = cmp.Or(maxTime, Forever) }
}

// WithBacklog bounds what is retried in the background after the store failed:
// how many recordings at once, and for how long each. The defaults are 1024 and
// 1 min; a size of zero retries none. Each holds its outcome in memory, and
// nothing else of its call. A quarter of the size is for claims whose reply
// never came: they may still arrive at the store, so their release is repeated
// for the whole time.
func WithBacklog(size int, window time.Duration) Option {
	return func(c *config) {
		c.limits.Retries, c.limits.RetryWindow = cmp.Or(size, -1), cmp.Or(window, DefaultRetryWindow)
	}
}

type KeyUse = KeyMode

type KeyRule = string

const (
	RuleSingle     = ruleSingle
	RuleBlank      = ruleBlank
	RuleQuotes     = ruleQuotes
	RuleLength     = ruleLength
	RuleCharacters = ruleCharacters
	RuleValidator  = ruleValidator
	RuleUUID       = ruleUUID
)

const KeyOff = KeyIgnored

type Replay = Execution

const (
	DefaultBacklog       = DefaultRetries
	DefaultBacklogWindow = DefaultRetryWindow
)

func (e *Engine) ParseKey(ctx context.Context, operation string, schema KeyUse, values []string) (string, error) {
	return e.Operation(operation, Policy{Key: schema}).ParseKey(ctx, values)
}

func (e *Engine) KeyUse(operation string, schema KeyUse) KeyUse {
	return e.Operation(operation, Policy{Key: schema}).Policy().Key
}

func (e *Engine) RequiresKeys() bool { return e.Operation("*", Policy{}).RequiresKey() }

func (e *Engine) PolicyFor(operation string) *Policy {
	return e.Operation(operation, Policy{}).Policy()
}

func (e *Engine) KeyField() string { return e.keys.Field }

func (e *Engine) ReplayedField() string { return e.replayedField }

func (e *Engine) Refuse(ctx context.Context, call Call, refusal *Error, cause error) *Error {
	return e.Operation(call.Operation, Policy{}).Refuse(ctx, call.Key, refusal, cause)
}

func (e *Engine) NoteCredentials(ctx context.Context, operation string) {
	e.Operation(operation, Policy{}).NoteCredentials(ctx, func() bool { return true })
}

func (e *Engine) Unscoped() bool { return e.scope == nil && !e.unscoped.Load() }

func (e *Engine) Run(ctx context.Context, call Call, handler Handler) (Result, error) {
	return e.Operation(call.Operation, Policy{}).Run(ctx, call, handler)
}

func DeriveKey(ctx context.Context, name string) (string, bool) {
	x, _ := FromContext(ctx)
	return x.DeriveKey(name), x.running != nil
}

func DoNotRecord(ctx context.Context) bool {
	x, _ := FromContext(ctx)
	x.NoEffect()
	return x.running != nil
}

func RecordFor(ctx context.Context, retention time.Duration) bool {
	x, _ := FromContext(ctx)
	x.ShortenRetention(retention)
	return x.running != nil
}

const RefusedField = mark.Field

func RefusalMark(ctx context.Context, operation, key string) string {
	return mark.In(ctx, operation, key)
}

func HasRefusalMark(text, operation, key string) bool { return mark.Matches(text, operation, key) }

type (
	Fingerprint = backend.Fingerprint
	Algorithm   = byte
	Rehasher    = fingerprint.Rehasher
	Handler     = func(context.Context) Answer
)

const (
	AlgorithmNone            = fingerprint.None
	AlgorithmBytes           = fingerprint.Bytes
	AlgorithmProto           = fingerprint.Proto
	AlgorithmHTTP            = fingerprint.HTTP
	AlgorithmHTTPJSON        = fingerprint.HTTPJSON
	AlgorithmHTTPJSONNumbers = fingerprint.HTTPJSONNumbers
	AlgorithmHTTPMultipart   = fingerprint.HTTPMultipart
	AlgorithmHTTPCustom      = fingerprint.HTTPCustom
)

func NewFingerprint(algorithm byte, payload []byte) Fingerprint {
	return fingerprint.New(algorithm, payload)
}

func OutgoingKey(ctx context.Context) (string, bool) { return clientkey.From(ctx) }

func PeerScope(connection *tls.ConnectionState) (string, error) { return peer.Scope(connection) }
