package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed rights.lua
var rightsLua string

// rights is what a user of Redis may do.
type rights struct {
	config   bool     // read the configuration
	scripts  error    // the reply to a script; nil if scripts run
	commands []string // that are missing
}

// rights asks a server by a script that changes nothing. Only what is no reply
// of the server is an error.
func (s *Store) rights(ctx context.Context, server Client) (found rights, err error) {
	cmd := redis.NewSliceCmd(ctx, "eval", rightsLua, 0, s.prefix+"0", s.replicas)
	var reply redis.Error
	if err := process(ctx, server, cmd); errors.As(err, &reply) {
		return rights{scripts: reply}, nil
	} else if err != nil {
		return rights{}, err
	}
	for i, answer := range cmd.Val() {
		if text, _ := answer.(string); i == 0 {
			found.config = text == "yes"
		} else {
			found.commands = append(found.commands, text)
		}
	}
	return found, nil
}

func (r *rights) warnings() []string {
	switch {
	case redis.HasErrorPrefix(r.scripts, "NOPERM"):
		return []string{"the user may not run scripts (EVAL): no claim can be completed, released or extended"}
	case r.scripts != nil:
		return []string{"scripts do not run, so no claim can be completed, released or extended: " + r.scripts.Error()}
	case len(r.commands) > 0:
		return []string{"the user may not run " + strings.Join(r.commands, ", ") + " on records: see Permissions in the documentation of package redisstore"}
	default:
		return nil
	}
}
