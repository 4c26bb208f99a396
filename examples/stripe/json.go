package main

import (
	"encoding/json"
	"log"
	"net/http"
)

// writeJSON writes an answer.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err) // the client has hung up
	}
}
