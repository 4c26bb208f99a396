package redisstore

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis identifies scripts by their SHA-1 digest
	_ "embed"
	"encoding/hex"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed record.lua
	recordLua string
	//go:embed claim.lua
	claimLua string
	//go:embed extend.lua
	extendLua string
	//go:embed complete.lua
	completeLua string
	//go:embed release.lua
	releaseLua string
	//go:embed remaining.lua
	remainingLua string
	//go:embed watch.lua
	watchLua string
	//go:embed touch.lua
	touchLua string

	claimScript     = newScript(claimLua)
	extendScript    = newScript(extendLua)
	completeScript  = newScript(completeLua)
	releaseScript   = newScript(releaseLua)
	remainingScript = newScript(remainingLua)
	watchScript     = newScript(watchLua)
	touchScript     = newScript(touchLua)
)

// script is a Lua script that works on one record.
type script struct{ source, digest string }

func newScript(lua string) *script {
	source := recordLua + lua
	digest := sha1.Sum([]byte(source)) //nolint:gosec // see above
	return &script{source: source, digest: hex.EncodeToString(digest[:])}
}

// command returns the command that runs the script: with its source if full is
// set, else with its digest.
func (s *script) command(ctx context.Context, full bool, name string, args ...any) *redis.Cmd {
	all := make([]any, 0, 4+len(args))
	if full {
		all = append(all, "eval", s.source, 1, name)
	} else {
		all = append(all, "evalsha", s.digest, 1, name)
	}
	return redis.NewCmd(ctx, append(all, args...)...)
}

// run runs the script on the record of that name. If the server does not know
// the script, because it is new or was flushed, run sends the source.
func (s *script) run(ctx context.Context, via sender, name string, args ...any) (any, error) {
	cmd := s.command(ctx, false, name, args...)
	err := via.send(ctx, cmd)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd = s.command(ctx, true, name, args...)
		err = via.send(ctx, cmd)
	}
	if err != nil {
		return nil, err
	}
	return cmd.Val(), nil
}

// runInt runs a script that returns an integer.
func (s *script) runInt(ctx context.Context, via sender, name string, args ...any) (int64, error) {
	reply, err := s.run(ctx, via, name, args...)
	n, _ := reply.(int64)
	return n, err
}

// runBool runs a script that returns 0 or 1.
func (s *script) runBool(ctx context.Context, via sender, name string, args ...any) (bool, error) {
	n, err := s.runInt(ctx, via, name, args...)
	return n != 0, err
}
