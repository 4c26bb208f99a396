package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
)

const storeUsage = "where records are stored: memory, or one of these `URL`s, with rediss for TLS:\n" +
	"redis://[user:password@]host:port/db\n" +
	"redis+sentinel://[user:password@]host:port/db?master_name=name\n" +
	"redis+cluster://[user:password@]host:port\n" +
	"addr=host:port names another Sentinel or node; username= and password= are for\n" +
	"the master behind Sentinel; go-redis has further options, such as pool_size=\n" +
	"postgres://[user:password@]host:port/database stores the payments there too; pgx has\n" +
	"further options, such as pool_max_conns= and sslmode="

// topologies are the values after the plus sign of a scheme. For each of them,
// go-redis parses a URL with a plain scheme.
var topologies = map[string]func(string) (redis.UniversalClient, error){
	"": newSingleClient, "sentinel": newSentinelClient, "cluster": newClusterClient,
}

// errNotURL has no part of the text that was given: a URL that cannot be parsed,
// and the error of its parser, can contain a password anywhere.
var errNotURL = errors.New("not a URL; in a password, write what is neither a letter nor a digit as %40 (@), %2F (/) and so on")

// newRedisClient returns a client for a URL. It does not connect yet.
func newRedisClient(text string) (redis.UniversalClient, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return nil, errNotURL
	}
	transport, topology, _ := strings.Cut(u.Scheme, "+")
	newClient, known := topologies[topology]
	if !known || transport != "redis" && transport != "rediss" {
		return nil, errors.New("must be memory or a URL of a known scheme: see -help")
	}
	u.Scheme = transport
	return newClient(u.String())
}

// PrepareOptions makes a client observe deadlines, so that a command of a step
// that timed out does not arrive later.

func newSingleClient(url string) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	return redis.NewClient(redisstore.PrepareOptions(options)), nil
}

func newSentinelClient(url string) (redis.UniversalClient, error) {
	options, err := redis.ParseFailoverURL(url)
	switch {
	case err != nil:
		return nil, err
	case options.MasterName == "":
		return nil, errors.New("no master_name")
	case options.ReplicaOnly || options.RouteByLatency || options.RouteRandomly:
		return nil, errors.New("a replica does not have the newest claims: read from the master only")
	}
	return redis.NewFailoverClient(redisstore.PrepareOptions(options)), nil
}

func newClusterClient(url string) (redis.UniversalClient, error) {
	options, err := redis.ParseClusterURL(url)
	if err != nil {
		return nil, err
	}
	return redis.NewClusterClient(redisstore.PrepareOptions(options)), nil
}
