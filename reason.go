package idempotency

// Reason says why a call was refused. It is the reason of a
// google.rpc.ErrorInfo (AIP-193) and of problem details (RFC 9457), and is listed
// in proto/idempotency/v1/reason.proto.
type Reason string

// The reasons, each with the error that carries it.
const (
	ReasonInProgress       Reason = "IN_PROGRESS"       // ErrInProgress
	ReasonOutcomeUnknown   Reason = "OUTCOME_UNKNOWN"   // ErrOutcomeUnknown
	ReasonOutcomeNotKept   Reason = "OUTCOME_NOT_KEPT"  // ErrOutcomeNotKept
	ReasonKeyReused        Reason = "KEY_REUSED"        // ErrKeyReused
	ReasonKeyInvalid       Reason = "KEY_INVALID"       // ErrKeyInvalid
	ReasonKeyMissing       Reason = "KEY_MISSING"       // ErrKeyMissing
	ReasonStoreUnavailable Reason = "STORE_UNAVAILABLE" // ErrStore
	ReasonScopeUnknown     Reason = "SCOPE_UNKNOWN"     // ErrScopeUnknown
	ReasonRequestTooLarge  Reason = "REQUEST_TOO_LARGE" // ErrRequestTooLarge
	ReasonNotSupported     Reason = "NOT_SUPPORTED"     // ErrNotSupported
	ReasonReplayDenied     Reason = "REPLAY_DENIED"     // ErrReplayDenied

	ReasonOutcomeUnreadable Reason = "OUTCOME_UNREADABLE" // ErrOutcomeUnreadable
	ReasonRequestUnreadable Reason = "REQUEST_UNREADABLE" // ErrRequestUnreadable
	ReasonRolledBack        Reason = "ROLLED_BACK"        // ErrRolledBack
	ReasonCommitUnknown     Reason = "COMMIT_UNKNOWN"     // ErrCommitUnknown
)

// Next says what a client can do about a refusal.
type Next string

const (
	// NextRetrySameKey : wait, then send the same request again.
	NextRetrySameKey Next = "retry_same_key"
	// NextUseNewKey : this is another request; send it with a key of its own.
	NextUseNewKey Next = "use_new_key"
	// NextFixRequest : the same request would be refused again; change it.
	NextFixRequest Next = "fix_request"
	// NextAskOperator : find out in another way whether the effect happened.
	NextAskOperator Next = "ask_operator"
)

// guidance is what a reason says to a client. No text in it comes from a
// request, a store or a handler.
type guidance struct {
	title  string
	detail string
	next   Next
}

var guidances = map[Reason]guidance{
	ReasonInProgress: {
		"Request in progress",
		"A request with this idempotency key is still running. Send the same request again shortly.",
		NextRetrySameKey,
	},
	ReasonOutcomeUnknown: {
		"Outcome unknown",
		"An earlier request with this idempotency key was started, and how it ended is unknown. It is not run again.",
		NextAskOperator,
	},
	ReasonOutcomeNotKept: {
		"Outcome not kept",
		"The request with this idempotency key has run, but its answer could not be kept. It is not run again.",
		NextAskOperator,
	},
	ReasonOutcomeUnreadable: {
		"Outcome unreadable",
		"A request with this idempotency key may have run, and its record cannot be read here. It is not run again.",
		NextAskOperator,
	},
	ReasonKeyReused: {
		"Idempotency key reused",
		"This idempotency key belongs to a request with other content.",
		NextUseNewKey,
	},
	ReasonKeyInvalid: {
		"Malformed idempotency key",
		"The idempotency key is malformed, or more than one was sent.",
		NextFixRequest,
	},
	ReasonKeyMissing: {
		"Idempotency key missing",
		"This operation requires an idempotency key.",
		NextFixRequest,
	},
	ReasonStoreUnavailable: {
		"Idempotency store unavailable",
		"The store of idempotency keys cannot be used right now. The request was not run.",
		NextRetrySameKey,
	},
	ReasonRolledBack: {
		"Rolled back",
		"The request was run and rolled back, so it had no effect. Send the same request again.",
		NextRetrySameKey,
	},
	ReasonCommitUnknown: {
		"Commit unknown",
		"The request was run, and it is not known yet whether it was committed. Send the same request again to find out.",
		NextRetrySameKey,
	},
	ReasonScopeUnknown: {
		"Caller unknown",
		"The server cannot tell who is calling, and so whose idempotency key this is.",
		NextFixRequest,
	},
	ReasonRequestTooLarge: {
		"Request too large",
		"The request body is larger than an idempotent request may be.",
		NextFixRequest,
	},
	ReasonRequestUnreadable: {
		"Request unreadable",
		"The request could not be read, and was not run.",
		NextFixRequest,
	},
	ReasonReplayDenied: {
		"Replay denied",
		"The request with this idempotency key has run, and its answer is not for this caller any more.",
		NextAskOperator,
	},
	ReasonNotSupported: {
		"Idempotency key not supported",
		"This call cannot be made idempotent. Send it without an idempotency key.",
		NextFixRequest,
	},
}
