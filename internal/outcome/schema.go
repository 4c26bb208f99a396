package outcome

// format is the version of the format that this code writes, and the only one that
// it reads.
const format = 1

// Field numbers of message Outcome.
const (
	outcomeFormat = 1
	outcomeRPC    = 2
	outcomeHTTP   = 3
)

// Field numbers of message RpcOutcome.
const (
	rpcStatus      = 1
	rpcMessageType = 2
	rpcMessage     = 3
	rpcHeaders     = 4
	rpcTrailers    = 5
	rpcMessages    = 6
	rpcStream      = 7
)

// Field numbers of message HttpOutcome.
const (
	httpStatus   = 1
	httpHeaders  = 2
	httpBody     = 3
	httpTrailers = 4
)

// Field numbers of message Field.
const (
	fieldName   = 1
	fieldValues = 2
	fieldChange = 3
)
