// Package stripe tries examples/stripe with Stripe's own client library, through
// a proxy that loses replies: the library retries, and every charge is made once.
//
// `make stripe` runs it. It is a module of its own, so that no user of the library
// gets stripe-go.
package stripe
