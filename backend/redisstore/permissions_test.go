package redisstore

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestPermissionsBeforeRedis7 runs the script without acl_check_cmd.
func TestPermissionsBeforeRedis7(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr(t)})
	defer client.Close()
	reply, err := client.Eval(t.Context(), "local redis = {}\n"+permissionsLua, nil, "idem:0", 0).StringSlice()
	if err != nil || len(reply) != 1 || reply[0] != "no" {
		t.Errorf("got %q, %v", reply, err)
	}
}
