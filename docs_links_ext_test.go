package idempotency_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages returns the documentation pages of the repository, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	ok(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"testdata", ".git", ".tmp", "node_modules"}, entry.Name()):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".md"):
			return nil
		}
		text, err := os.ReadFile(path)
		pages[path] = string(text)
		return err
	}))
	return pages
}

var quoted = regexp.MustCompile("`([A-Za-z0-9_.*/-]+)`")

// TestFilesNamedInDocsExist: names in backticks that end as a file's name or
// begin with a folder of the repository, from its root or from the page.
func TestFilesNamedInDocsExist(t *testing.T) {
	fileName := regexp.MustCompile(`\.(go|lua|sql|proto|sh|md|ya?ml|json)$`)
	for path, text := range pages(t) {
		for _, found := range quoted.FindAllStringSubmatch(text, -1) {
			name := found[1]
			first, _, nested := strings.Cut(name, "/")
			if first == ".tmp" || !fileName.MatchString(name) && (!nested || !isFolder(first)) {
				continue
			}
			atRoot, err := filepath.Glob(name)
			ok(t, err)
			atPage, err := filepath.Glob(filepath.Join(filepath.Dir(path), name))
			ok(t, err)
			if len(atRoot)+len(atPage) == 0 {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
	}
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return name != "" && err == nil && info.IsDir()
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// TestLinksOfDocsLeadSomewhere: to a file of the repository, and to a heading in
// it.
func TestLinksOfDocsLeadSomewhere(t *testing.T) {
	for path, text := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") || strings.HasPrefix(found[1], "mailto:") {
				continue
			}
			name, anchor, _ := strings.Cut(found[1], "#")
			target := path
			if name != "" {
				target = filepath.Join(filepath.Dir(path), name)
			}
			content, err := os.ReadFile(target)
			if err != nil && !isFolder(target) {
				t.Errorf("%s links to %s, which does not exist", path, found[1])
			}
			if anchor != "" && !slices.Contains(anchors(string(content)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", path, found[1])
			}
		}
	}
}

// anchors returns the anchors of a page's headings, as GitHub makes them.
func anchors(text string) (anchors []string) {
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(found[1]), "")
		anchors = append(anchors, strings.ReplaceAll(anchor, " ", "-"))
	}
	return anchors
}

// TestCommandsNamedInDocsExist in the Makefile.
func TestCommandsNamedInDocsExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	ok(t, err)
	for path, text := range pages(t) {
		for _, found := range regexp.MustCompile("`make ([a-z-]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+found[1]+":") {
				t.Errorf("%s names make %s, which does not exist", path, found[1])
			}
		}
	}
}

// TestGlossaryIsInAlphabeticalOrder, without regard to case.
func TestGlossaryIsInAlphabeticalOrder(t *testing.T) {
	var terms []string
	for _, found := range regexp.MustCompile(`(?m)^\*\*(.+?)\*\*`).FindAllStringSubmatch(document(t, "glossary.md"), -1) {
		terms = append(terms, strings.ToLower(found[1]))
	}
	if !slices.IsSorted(terms) || len(terms) == 0 {
		t.Errorf("got %q", terms)
	}
}

// TestEveryPackageIsInTheArchitecture page. Tools, benchmarks and examples may be left out.
func TestEveryPackageIsInTheArchitecture(t *testing.T) {
	text := document(t, "architecture.md")
	paths, err := filepath.Glob("[a-z]*/*.go")
	ok(t, err)
	for _, pattern := range []string{"[a-z]*/*/*.go", "[a-z]*/*/*/*.go"} {
		deeper, err := filepath.Glob(pattern)
		ok(t, err)
		paths = append(paths, deeper...)
	}
	for _, path := range paths {
		folder := filepath.ToSlash(filepath.Dir(path))
		top, _, _ := strings.Cut(folder, "/")
		if top != "tools" && top != "benchmarks" && top != "examples" && top != "gen" && !strings.Contains(text, "`"+folder+"`") {
			t.Errorf("docs/architecture.md does not name %s", folder)
		}
	}
}

// guardPlace is the one drawing of where the guard goes among other layers.
const guardPlace = "docs/verdicts.md#where-the-guard-goes"

func TestDocsLinkToTheOneDrawingOfTheGuard(t *testing.T) {
	for _, path := range []string{
		"README.md", "doc.go", "httpmw/doc.go", "interceptor/idemgrpc/doc.go", "interceptor/idemconnect/doc.go",
		"interceptor/idemconnect2/doc.go",
	} {
		text, err := os.ReadFile(path)
		ok(t, err)
		if !strings.Contains(string(text), guardPlace) {
			t.Errorf("%s should link to %s", path, guardPlace)
		}
	}
}
