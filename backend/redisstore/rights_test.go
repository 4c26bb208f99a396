package redisstore

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestRightsBeforeRedis7 runs the script where acl_check_cmd is not known.
func TestRightsBeforeRedis7(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: ServerAddr()})
	defer client.Close()
	answer, err := client.Eval(t.Context(), "local redis = {}\n"+rightsLua, nil, "idem:0", 0).StringSlice()
	if err != nil || len(answer) != 1 || answer[0] != "no" {
		t.Errorf("got %q, %v", answer, err)
	}
}
