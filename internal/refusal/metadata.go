package refusal

// Names in the metadata of the ErrorInfo.
const (
	metadataNext      = "next"      // what the client can do next
	metadataOperation = "operation" // that was refused
	metadataMark      = "mark"      // see package mark
	metadataRule      = "rule"      // that a malformed key breaks
)
