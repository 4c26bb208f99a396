package pgtest

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ready waits until the server answers. What it wrote is part of the error.
func (s *Server) ready() error {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(5 * time.Millisecond) {
		if s.answers() {
			return nil
		}
		if state, _ := status(s.process.Process.Pid); state == "Z" {
			break
		}
	}
	text := s.Log()
	s.Kill()
	return fmt.Errorf("pgtest: no server on %s:\n%s", s.Addr(), text)
}

func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}
