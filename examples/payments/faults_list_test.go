//go:build unix

package main

import "time"

// shortLease makes the matrix fast. longLease is for faults that must end before the
// lease does, however slow the machine is; no test waits until it has ended.
const (
	shortLease = 2 * time.Second
	longLease  = time.Minute
)

// faults are the rows of the matrix.
var faults = []fault{
	{"Nothing", shortLease, disturbing(func(*cell) {}, func(*cell) {})},

	// Between clients and servers.
	{"AnswersLost", shortLease, disturbing(func(c *cell) { c.disturbClients(c.some(false, lose)) }, healClients)},
	{"RequestsLost", shortLease, disturbing(func(c *cell) { c.disturbClients(c.some(true, lose)) }, healClients)},
	{"RequestsAfterHangUp", shortLease, disturbing(func(c *cell) { c.disturbClients(c.some(true, c.delayAfterHangUp)) }, healClients)},
	{"RequestsLate", shortLease, disturbing(func(c *cell) { c.disturbClients(c.some(true, c.delayAround(attemptTime))) }, healClients)},
	{"AnswersLate", shortLease, disturbing(func(c *cell) { c.disturbClients(c.some(false, c.delayAround(attemptTime))) }, healClients)},

	// Between servers and Redis.
	{"RepliesOfRedisLost", shortLease, disturbing(func(c *cell) { c.disturbRedis(c.some(false, lose)) }, healRedis)},
	{"CommandsLost", shortLease, disturbing(func(c *cell) { c.disturbRedis(c.some(true, lose)) }, healRedis)},
	{"CommandsAfterHangUp", shortLease, disturbing(func(c *cell) { c.disturbRedis(c.some(true, c.delayAfterHangUp)) }, healRedis)},
	{"CommandsLate", shortLease, disturbing(func(c *cell) { c.disturbRedis(c.some(true, c.delayAround(stepTimeout))) }, healRedis)},
	{"RepliesOfRedisLate", shortLease, disturbing(func(c *cell) { c.disturbRedis(c.some(false, c.delayAround(stepTimeout))) }, healRedis)},
	{"RedisPartition", longLease, redisPartition},

	// Of processes.
	{"ServerKilled", shortLease, killServer},
	{"ServerStopped", shortLease, stopServer},
	{"RedisRestarted", longLease, restartRedisWithinLease},
	{"RedisDownForALease", shortLease, restartRedis},
	{"Everything", shortLease, everything},
}
