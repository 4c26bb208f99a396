package redisstore

import (
	"context"
	"crypto/sha1" //nolint:gosec // it is how Redis names scripts
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
	//go:embed watch.lua
	watchLua string
	//go:embed touch.lua
	touchLua string

	claimScript    = newScript(claimLua)
	extendScript   = newScript(extendLua)
	completeScript = newScript(completeLua)
	releaseScript  = newScript(releaseLua)
	watchScript    = newScript(watchLua)
	touchScript    = newScript(touchLua)
)

// script is a Lua script that works on one record.
type script struct{ source, digest string }

func newScript(lua string) *script {
	source := recordLua + lua
	digest := sha1.Sum([]byte(source)) //nolint:gosec // see above
	return &script{source: source, digest: hex.EncodeToString(digest[:])}
}

// call returns the command that runs the script, by its digest or in full.
func (s *script) call(ctx context.Context, full bool, name string, args ...any) *redis.Cmd {
	all := make([]any, 0, 4+len(args))
	if full {
		all = append(all, "eval", s.source, 1, name)
	} else {
		all = append(all, "evalsha", s.digest, 1, name)
	}
	return redis.NewCmd(ctx, append(all, args...)...)
}

// run runs the script on the record of that name. A server that does not know
// it, being new or having been flushed, is given it in full.
func (s *script) run(ctx context.Context, via sender, name string, args ...any) (any, error) {
	cmd := s.call(ctx, false, name, args...)
	err := via.send(ctx, cmd)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd = s.call(ctx, true, name, args...)
		err = via.send(ctx, cmd)
	}
	if err != nil {
		return nil, err
	}
	return cmd.Val(), nil
}

// count is run for scripts that return an integer.
func (s *script) count(ctx context.Context, via sender, name string, args ...any) (int64, error) {
	reply, err := s.run(ctx, via, name, args...)
	n, _ := reply.(int64)
	return n, err
}
