package main

import (
	"embed"
	"html/template"
	"log/slog"
	"net/http"
)

// pageFiles has the checkout page. page.js is built from web/ by `make page`.
//
//go:embed page
var pageFiles embed.FS

var indexTemplate = template.Must(template.ParseFS(pageFiles, "page/index.html"))

// newPage serves the checkout page at / and its script and style in /page/. The
// page calls the payment service over Connect, like any other client.
func newPage(tenants tenancy) http.Handler {
	mux := http.NewServeMux()
	for _, name := range []string{"page.js", "page.css"} {
		mux.HandleFunc("/page/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, pageFiles, "page/"+name)
		})
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := indexTemplate.Execute(w, map[string]string{"TenantHeader": tenants.header}); err != nil {
			slog.WarnContext(r.Context(), "the page was not sent", "error", err)
		}
	})
	return mux
}
