//go:build unix

package main

import (
	"strings"

	"github.com/oncewire/idempotency/internal/proxytest"
)

// oneCommitFaults are the rows of the matrix: every fault at every boundary, and
// faults of another kind.
func oneCommitFaults() (all []oneCommitFault) {
	for _, b := range boundaries {
		add := func(what string, round func(*oneCommitCell, int)) {
			all = append(all, oneCommitFault{name: b.name + "/" + what, round: round})
		}
		add("ConnectionCut", disturbingAt(b, func(*cell) proxytest.Disturbance { return lose() }))
		add("Late", disturbingAt(b, func(c *cell) proxytest.Disturbance { return c.delayAround(stepTimeout)() }))
		add("BackendsTerminated", terminatingAt(b))
		add("ProcessKilled", killingAt(b, lose()))
		if strings.HasPrefix(b.name, "Before") {
			add("DeliveredAndCut", disturbingAt(b, func(*cell) proxytest.Disturbance { return proxytest.Disturbance{HangUp: true} }))
			add("DeliveredAndProcessKilled", killingAt(b, proxytest.Disturbance{}))
		}
	}
	const atEffect, atCommit = 2, 4
	return append(all,
		oneCommitFault{name: "Nothing", round: disturbingAt(boundary{is: func(proxytest.Chunk) bool { return false }}, nil)},
		oneCommitFault{name: "AnswersLost", round: losingAnswers},
		oneCommitFault{name: "Serializable", round: disturbingAt(boundary{is: func(proxytest.Chunk) bool { return false }}, nil),
			parameters: []string{"default_transaction_isolation=serializable"}},
		oneCommitFault{name: "ServerRestarted", round: restartingAt(boundaries[atEffect]), ownServer: true},
		oneCommitFault{name: "ServerRestartedAtCommit", round: restartingAt(boundaries[atCommit]), ownServer: true},
		oneCommitFault{name: "ProcessStopped", round: stoppingAt(boundaries[atCommit]),
			parameters: []string{"idle_in_transaction_session_timeout=300"}},
		oneCommitFault{name: "HostVanished", round: vanishingAt(boundaries[atCommit]),
			parameters: []string{"idle_in_transaction_session_timeout=300"}},
		oneCommitFault{name: "Everything", round: everythingAtOnce},
	)
}
