package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
)

const storeUsage = "where keys are kept: memory, or one of these `URL`s, with rediss for TLS:\n" +
	"redis://[user:password@]host:port/db\n" +
	"redis+sentinel://[user:password@]host:port/db?master_name=name\n" +
	"redis+cluster://[user:password@]host:port\n" +
	"addr=host:port names another Sentinel or node; username= and password= are for\n" +
	"the master behind Sentinel; go-redis has further options, such as pool_size="

// topologies are what stands behind the plus in a scheme. Each has a URL of
// its own in go-redis, with a plain scheme.
var topologies = map[string]func(string) (redis.UniversalClient, error){
	"": openSingle, "sentinel": openSentinel, "cluster": openCluster,
}

// errNotURL shows nothing of what was given: there can be a password anywhere
// in a URL that does not parse, and in what the parser says about it.
var errNotURL = errors.New("not a URL; in a password, write what is neither a letter nor a digit as %40 (@), %2F (/) and so on")

// openRedis connects to nothing yet.
func openRedis(text string) (redis.UniversalClient, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return nil, errNotURL
	}
	transport, topology, _ := strings.Cut(u.Scheme, "+")
	open, known := topologies[topology]
	if !known || transport != "redis" && transport != "rediss" {
		return nil, errors.New("neither memory nor a URL of a known scheme: see -help")
	}
	u.Scheme = transport
	return open(u.String())
}

// The clients keep to deadlines themselves, and what a step gave up waiting for
// does not arrive later: see redisstore.PrepareOptions.

func openSingle(url string) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	return redis.NewClient(redisstore.PrepareOptions(options)), nil
}

func openSentinel(url string) (redis.UniversalClient, error) {
	options, err := redis.ParseFailoverURL(url)
	switch {
	case err != nil:
		return nil, err
	case options.MasterName == "":
		return nil, errors.New("no master_name")
	case options.ReplicaOnly || options.RouteByLatency || options.RouteRandomly:
		return nil, errors.New("a replica does not know yet what was just claimed: ask the master only")
	}
	return redis.NewFailoverClient(redisstore.PrepareOptions(options)), nil
}

func openCluster(url string) (redis.UniversalClient, error) {
	options, err := redis.ParseClusterURL(url)
	if err != nil {
		return nil, err
	}
	return redis.NewClusterClient(redisstore.PrepareOptions(options)), nil
}
