package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed permissions.lua
var permissionsLua string

// permissions are those of a user of Redis.
type permissions struct {
	config  bool     // the user may read the configuration
	scripts error    // the error of running a script, if any
	missing []string // commands of a store that the user may not run
}

// readPermissions runs a script that changes nothing. An error that the server
// replies is part of the result; any other error is returned.
func readPermissions(ctx context.Context, server Client, prefix keyPrefix, replicas int) (found permissions, err error) {
	cmd := redis.NewSliceCmd(ctx, "eval", permissionsLua, 0, string(prefix)+"0", replicas)
	var reply redis.Error
	if err := process(ctx, server, cmd); errors.As(err, &reply) {
		return permissions{scripts: reply}, nil
	} else if err != nil {
		return permissions{}, err
	}
	for i, element := range cmd.Val() {
		if text, _ := element.(string); i == 0 {
			found.config = text == "yes"
		} else {
			found.missing = append(found.missing, text)
		}
	}
	return found, nil
}

func (p *permissions) warnings() []string {
	switch {
	case redis.HasErrorPrefix(p.scripts, "NOPERM"):
		return []string{"the user may not run scripts (EVAL): no claim can be completed, released or extended"}
	case p.scripts != nil:
		return []string{"scripts do not run, so no claim can be completed, released or extended: " + p.scripts.Error()}
	case len(p.missing) > 0:
		return []string{"the user may not run " + strings.Join(p.missing, ", ") + " on records: see Permissions in the documentation of package redisstore"}
	default:
		return nil
	}
}
