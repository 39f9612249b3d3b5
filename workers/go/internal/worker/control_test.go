package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"

	"go.temporal.io/sdk/temporal"
)

func TestTheParentIsToldAndFollowed(t *testing.T) {
	parent, child := net.Pipe()
	control := &Control{conn: child}
	ctx := control.Follow(t.Context())
	go func() {
		control.Ready()
		control.Failed(setupError("bad_manifest", errors.New("no queues"), "write it again"))
	}()
	events := json.NewDecoder(parent)
	for _, expected := range []map[string]string{
		{"event": "ready"}, {"event": "failed", "message": "no queues", "hint": "write it again"},
	} {
		var found map[string]string
		if err := events.Decode(&found); err != nil || found["event"] != expected["event"] ||
			found["message"] != expected["message"] || found["hint"] != expected["hint"] {
			t.Errorf("%v, %v", found, err)
		}
	}
	if err := parent.Close(); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
}

func TestLogsAreLinesLikeThoseOfTheOtherWorkers(t *testing.T) {
	var text bytes.Buffer
	log := NewLog(&text, "warning")
	log.Info("not shown")
	log.Warn("shown", "step", "it")
	line := decode[map[string]string](t, text.Bytes())
	if line["event"] != "shown" || line["level"] != "warning" || line["step"] != "it" || line["timestamp"] == "" {
		t.Errorf("%s", text.String())
	}
}

func TestTheSDKDoesNotTellWhatAttemptsHaveTold(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(sdkLog{NewLog(&text, "debug").Handler()})
	log.Error("Activity error.", "Error", temporal.NewApplicationError("401 for s3cret", "Terminal"))
	log.Info("Started Worker")
	log.Warn("the connection is lost", "Error", errors.New("EOF"))
	if lines := strings.Count(text.String(), "\n"); lines != 1 || !strings.Contains(text.String(), "EOF") {
		t.Errorf("%s", text.String())
	}
}
