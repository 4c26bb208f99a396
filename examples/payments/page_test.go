package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// fetched is what a browser gets.
type fetched struct {
	status int
	header http.Header
	body   string
}

func (s *testServer) fetch(t *testing.T, method, path string, header map[string]string) fetched {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.httpAddress+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := httpClient(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fetched{response.StatusCode, response.Header, string(body)}
}

var (
	assetLink  = regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)
	assetTypes = map[string]string{".js": "text/javascript", ".css": "text/css"}
)

func TestPageHasItsScriptAndStyle(t *testing.T) {
	s := start(t, nil)
	page := s.fetch(t, http.MethodGet, "/", nil)
	if page.status != http.StatusOK || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Fatalf("got %d %s", page.status, page.header)
	}
	links := assetLink.FindAllStringSubmatch(page.body, -1)
	if len(links) != len(assetTypes) {
		t.Fatalf("the page links to %q, want a script and a style", links)
	}
	for _, link := range links {
		asset := s.fetch(t, http.MethodGet, link[1], nil)
		want := assetTypes[link[1][strings.LastIndex(link[1], "."):]]
		if asset.status != http.StatusOK || !strings.HasPrefix(asset.header.Get("Content-Type"), want) || asset.body == "" {
			t.Errorf("%s: got %d %s, want %s", link[1], asset.status, asset.header, want)
		}
	}
}

func TestPageNamesTheTenantHeader(t *testing.T) {
	page := start(t, perTenant).fetch(t, http.MethodGet, "/", nil)
	if !strings.Contains(page.body, `data-tenant-header="X-Tenant"`) {
		t.Errorf("no tenant header in %s", page.body)
	}
}

// The page has only the paths that it needs.
func TestPageHasNoOtherPaths(t *testing.T) {
	s := start(t, nil)
	for _, path := range []string{"/index.html", "/page/", "/page/index.html", "/page/../page.go", "/other"} {
		if got := s.fetch(t, http.MethodGet, path, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, got.status)
		}
	}
	if got := s.fetch(t, http.MethodPost, "/", nil); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d, want 405", got.status)
	}
}
