//go:build unix

package main

import "time"

// shortLease lets the matrix be quick. Nothing waits for longLease to end: it is
// for what has to happen before, however busy the machine is.
const (
	shortLease = 2 * time.Second
	longLease  = time.Minute
)

// faults are the rows of the matrix.
var faults = []fault{
	{"Nothing", shortLease, storm(func(*cell) {}, func(*cell) {})},

	// Between client and server.
	{"AnswersLost", shortLease, storm(func(c *cell) { c.fronts(c.some(false, lost)) }, healFronts)},
	{"RequestsLost", shortLease, storm(func(c *cell) { c.fronts(c.some(true, lost)) }, healFronts)},
	{"RequestsAfterwards", shortLease, storm(func(c *cell) { c.fronts(c.some(true, c.afterwards)) }, healFronts)},
	{"RequestsLate", shortLease, storm(func(c *cell) { c.fronts(c.some(true, c.dawdling(attemptTime))) }, healFronts)},
	{"AnswersLate", shortLease, storm(func(c *cell) { c.fronts(c.some(false, c.dawdling(attemptTime))) }, healFronts)},

	// Between server and Redis.
	{"RepliesOfRedisLost", shortLease, storm(func(c *cell) { c.backs(c.some(false, lost)) }, healBacks)},
	{"CommandsLost", shortLease, storm(func(c *cell) { c.backs(c.some(true, lost)) }, healBacks)},
	{"CommandsAfterwards", shortLease, storm(func(c *cell) { c.backs(c.some(true, c.afterwards)) }, healBacks)},
	{"CommandsLate", shortLease, storm(func(c *cell) { c.backs(c.some(true, c.dawdling(stepBound))) }, healBacks)},
	{"RepliesOfRedisLate", shortLease, storm(func(c *cell) { c.backs(c.some(false, c.dawdling(stepBound))) }, healBacks)},
	{"RedisPartition", longLease, redisPartition},

	// Processes.
	{"ServerKilled", shortLease, killServer},
	{"ServerStopped", shortLease, stopServer},
	{"RedisRestarted", longLease, restartRedisInTime},
	{"RedisAwayForALease", shortLease, restartRedis},
	{"Everything", shortLease, everything},
}
