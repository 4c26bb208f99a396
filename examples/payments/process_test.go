//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// process is the built program, as a user runs it.
type process struct {
	*exec.Cmd
	*testServer // only its addresses are set

	page string // its address, as printed
	// examples are the commands that it printed: call, retry, call, retry …
	examples []string
}

func startProcess(t *testing.T, flags ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(build(t), append([]string{"-http", "127.0.0.1:0", "-grpc", "127.0.0.1:0"}, flags...)...)}
	p.Stderr = t.Output()
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.read(t, stdout)
	return p
}

// kill ends the process like kill -9. It does nothing if the process has ended.
func (p *process) kill() {
	p.Process.Kill()
	p.Wait()
}

const exampleCount = 8

var (
	httpLine    = regexp.MustCompile(`on http://(\S+)$`)
	grpcLine    = regexp.MustCompile(`^gRPC \(grpc-go\) on (\S+)$`)
	pageLine    = regexp.MustCompile(`^Checkout page for a browser: (\S+)$`)
	exampleLine = regexp.MustCompile(`^(curl|grpcurl) `)
)

func (p *process) read(t *testing.T, stdout io.Reader) {
	t.Helper()
	p.testServer = &testServer{t: t}
	for lines := bufio.NewScanner(stdout); len(p.examples) < exampleCount && lines.Scan(); {
		line := lines.Text()
		if found := httpLine.FindStringSubmatch(line); found != nil {
			p.httpAddress = found[1]
		}
		if found := grpcLine.FindStringSubmatch(line); found != nil {
			p.grpcAddress = found[1]
		}
		if found := pageLine.FindStringSubmatch(line); found != nil {
			p.page = found[1]
		}
		if exampleLine.MatchString(line) {
			p.examples = append(p.examples, line)
		}
	}
	if p.httpAddress == "" || p.grpcAddress == "" || len(p.examples) < exampleCount {
		t.Fatalf("printed only %q, %q and %d examples", p.httpAddress, p.grpcAddress, len(p.examples))
	}
}

// terminate sends SIGTERM and checks that the process ends without an error.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

func TestProcess(t *testing.T) {
	skipInShort(t, "builds and starts the program")
	t.Parallel()
	t.Run("PrintedCommands", func(t *testing.T) {
		t.Parallel()
		p := startProcess(t, "-uuid", "-require")
		p.wantExamplesToWork(t)
		p.wantEntries(exampleCount / 2)
		p.terminate(t)
	})
	t.Run("PrintedPage", func(t *testing.T) {
		t.Parallel()
		p := startProcess(t)
		if p.page != "http://"+p.httpAddress+"/" || p.fetch(t, http.MethodGet, "/", nil).status != http.StatusOK {
			t.Errorf("printed the page %q of the server %s", p.page, p.httpAddress)
		}
		p.terminate(t)
	})
	t.Run("PrintedCommandsOfTenant", func(t *testing.T) {
		t.Parallel()
		p := startProcess(t, "-tenant-header", "X-Tenant")
		p.wantExamplesToWork(t)
		p.terminate(t)
	})
	t.Run("TerminationFinishesCalls", func(t *testing.T) {
		t.Parallel()
		p := startProcess(t)
		running := make([]<-chan answer, 0, len(protocols))
		for _, protocol := range protocols {
			how := &paymentsv1.Simulate{Delay: durationpb.New(time.Second)}
			if protocol.name == "GRPC" {
				// HTTP is shut down first. This call must run longer than that takes.
				how.Delay = durationpb.New(3 * time.Second)
			}
			running = append(running, inBackground(t, protocol.dial(t, p.testServer), charge(protocol.name).simulated(how)))
		}
		p.awaitEntries(len(running))
		p.terminate(t)
		for i, answers := range running {
			if a := <-answers; a.payment == nil {
				t.Errorf("%s: %+v", protocols[i].name, a)
			}
		}
	})
}

// wantExamplesToWork runs each printed call and then its retry.
func (p *process) wantExamplesToWork(t *testing.T) {
	t.Helper()
	for i := 0; i < exampleCount; i += 2 {
		first, retry := paste(t, p.examples[i]), paste(t, p.examples[i+1])
		if first.id == "" || first.id != retry.id || first.replayed || !retry.replayed {
			t.Errorf("example %d: %+v, then %+v", i/2+1, first, retry)
		}
	}
}
