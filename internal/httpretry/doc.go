// Package httpretry reads what HTTP says about sending a request again: the pause
// of Retry-After, and errors that stay. The clients over net/http and Connect share
// it.
package httpretry
