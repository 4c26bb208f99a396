package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestFlagsRefused(t *testing.T) {
	for _, arguments := range [][]string{
		{"-store", "redis"},
		{"-on-abandoned", "perhaps"},
		{"-connect", "v3"},
		{"-store-timeout", "0"},
		{"-lease", "-1s"},
		{"-retention", "0"},
		{"-wait", "-1s"},
		{"-detach", "-1s"},
		{"-journal", "/nowhere/journal"},
		{"-http", "nowhere"},
		{"-grpc", "nowhere"},
		{"-http", "127.0.0.1:0", "surplus"},
	} {
		t.Run(strings.Join(arguments, " "), func(t *testing.T) {
			if err := run(t.Context(), arguments, t.Output(), t.Output()); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestHelp(t *testing.T) {
	if err := run(t.Context(), []string{"-h"}, t.Output(), t.Output()); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
}
