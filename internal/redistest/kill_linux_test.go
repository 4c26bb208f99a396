package redistest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/internal/redistest"
)

// TestKillEndsChildren kills a server whose child is writing a snapshot into a folder
// that is removed at the end of the test.
func TestKillEndsChildren(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	for i := range 1000 {
		if err := client.Set(t.Context(), fmt.Sprint("key-", i), "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.ConfigSet(t.Context(), "rdb-key-save-delay", "1000000").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.BgSave(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	dir := client.ConfigGet(t.Context(), "dir").Val()["dir"]
	var found []string
	eventually(t, "the child's file", func() bool {
		found, _ = filepath.Glob(filepath.Join(dir, "temp-*.rdb"))
		return len(found) > 0
	})
	child := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "temp-"), ".rdb")
	server.Kill()
	if stat, err := os.ReadFile("/proc/" + child + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("the child is still running: %s", stat)
	}
}
