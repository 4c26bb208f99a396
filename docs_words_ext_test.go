package idempotency_test

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// replacedWords are words that are not written any more, each with what to write
// instead.
var replacedWords = map[string]string{
	"door":            "adapter",
	"doors":           "adapters",
	"lapse":           "expire",
	"lapses":          "expires",
	"lapsed":          "expired",
	"nobody":          "no client, no call, ...",
	"whoever":         "the client that, ...",
	"somebody":        "a client, an operator, ...",
	"another's":       "of another call",
	"vigil":           "subscription",
	"pulse":           "heartbeat",
	"heart":           "heartbeat",
	"backlog":         "retries",
	"stray":           "unconfirmed claim",
	"scratch":         "buffers",
	"unfingerprinted": "excluded from the fingerprint",
	"such as it is":   "(leave it out)",
	"as good as":      "like",
}

// TestReplacedWordsAreGone from comments, documentation pages and schemas.
func TestReplacedWordsAreGone(t *testing.T) {
	var words []string
	for word := range replacedWords {
		words = append(words, word)
	}
	replaced := regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
	ok(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "gen" || entry.Name() == "testdata" || entry.Name() == ".git" || entry.Name() == ".tmp" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case path == "CHANGELOG.md":
			return nil // has old names
		}
		for _, text := range prose(t, path) {
			for _, found := range replaced.FindAllString(text, -1) {
				t.Errorf("%s: write %q instead of %q: %s", path, replacedWords[strings.ToLower(found)], found, text)
			}
		}
		return nil
	}))
}

// prose returns what a reader reads in a file: the comments of a program, the
// texts of one that is no test, and a page or schema as it is.
func prose(t *testing.T, path string) []string {
	t.Helper()
	switch filepath.Ext(path) {
	case ".go":
		text, err := os.ReadFile(path)
		ok(t, err)
		return readable(text, !strings.HasSuffix(path, "_test.go"))
	case ".md", ".proto", ".lua", ".sql", ".sh", ".yml", ".yaml":
		text, err := os.ReadFile(path)
		ok(t, err)
		return strings.Split(string(text), "\n")
	default:
		return nil
	}
}

func readable(program []byte, texts bool) (found []string) {
	file := token.NewFileSet().AddFile("", -1, len(program))
	var s scanner.Scanner
	s.Init(file, program, nil, scanner.ScanComments)
	for {
		switch _, kind, text := s.Scan(); {
		case kind == token.COMMENT, kind == token.STRING && texts:
			found = append(found, text)
		case kind == token.EOF:
			return found
		}
	}
}
