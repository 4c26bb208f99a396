// Package transcoded recognises the refusals of RPCs that a gateway calls for HTTP
// requests. The adapters of gateways share it.
package transcoded
