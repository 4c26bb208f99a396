//go:build unix

package main

import (
	"bufio"
	"io"
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
	*world // where it listens; nothing else of it is set

	// examples are the pasted lines it printed: call, retry, call, retry …
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

// kill ends the process as kill -9 does. It has no effect on one that has ended.
func (p *process) kill() {
	p.Process.Kill()
	p.Wait()
}

const exampleCount = 8

var (
	httpLine    = regexp.MustCompile(`on http://(\S+)$`)
	grpcLine    = regexp.MustCompile(`^gRPC \(grpc-go\) on (\S+)$`)
	exampleLine = regexp.MustCompile(`^(curl|go run) `)
)

func (p *process) read(t *testing.T, stdout io.Reader) {
	t.Helper()
	p.world = &world{t: t}
	for lines := bufio.NewScanner(stdout); len(p.examples) < exampleCount && lines.Scan(); {
		line := lines.Text()
		if found := httpLine.FindStringSubmatch(line); found != nil {
			p.httpAddress = found[1]
		}
		if found := grpcLine.FindStringSubmatch(line); found != nil {
			p.grpcAddress = found[1]
		}
		if exampleLine.MatchString(line) {
			p.examples = append(p.examples, line)
		}
	}
	if p.httpAddress == "" || p.grpcAddress == "" || len(p.examples) < exampleCount {
		t.Fatalf("printed too little: %q, %q and %d examples", p.httpAddress, p.grpcAddress, len(p.examples))
	}
}

// terminate sends SIGTERM and waits for a clean end.
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
	if testing.Short() {
		t.Skip("builds the program and the tools that its output names")
	}
	t.Parallel()
	t.Run("PrintedCommands", func(t *testing.T) {
		t.Parallel()
		p := startProcess(t, "-uuid", "-require")
		p.wantExamplesToWork(t)
		p.wantEntries(exampleCount / 2)
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
		running := make([]<-chan answer, 0, len(doors))
		for _, named := range doors {
			how := &paymentsv1.Simulate{Delay: durationpb.New(time.Second)}
			if named.name == "GRPC" {
				// HTTP is shut down first, and gRPC must not live by that alone.
				how.Delay = durationpb.New(3 * time.Second)
			}
			running = append(running, inBackground(t, named.open(t, p.world), charge(named.name).simulated(how)))
		}
		p.awaitEntries(len(running))
		p.terminate(t)
		for i, answers := range running {
			if a := <-answers; a.payment == nil {
				t.Errorf("%s: %+v", doors[i].name, a)
			}
		}
	})
}

// wantExamplesToWork pastes each printed call and then its retry.
func (p *process) wantExamplesToWork(t *testing.T) {
	t.Helper()
	for i := 0; i < exampleCount; i += 2 {
		first, retry := paste(t, p.examples[i]), paste(t, p.examples[i+1])
		if first.id == "" || first.id != retry.id || first.replayed || !retry.replayed {
			t.Errorf("example %d: %+v, then %+v", i/2+1, first, retry)
		}
	}
}
