package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"

	"wistro.dev/go"
)

// ControlVariable names the inherited socket over which the parent process follows this one.
const ControlVariable = "WISTRO_CONTROL_FD"

// Control tells the parent process how this one is doing, as lines of JSON; the zero value tells nobody.
type Control struct{ conn net.Conn }

// OpenControl opens the socket that the environment names, if it names one, and keeps it from the children
// of this process.
func OpenControl() (*Control, error) {
	variable := os.Getenv(ControlVariable)
	if variable == "" {
		return &Control{}, nil
	}
	if err := os.Unsetenv(ControlVariable); err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(variable, 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%s is `%s`, the number of a file descriptor was expected", ControlVariable, variable)
	}
	file := os.NewFile(uintptr(number), "control")
	// FileConn makes a copy that is closed on exec.
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("%s is `%s`, which is no socket: %w", ControlVariable, variable, err)
	}
	return &Control{conn: conn}, nil
}

// Follow is done when the parent is gone.
func (c *Control) Follow(ctx context.Context) context.Context {
	if c.conn == nil {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, c.conn)
	}()
	return ctx
}

// Ready tells that every queue is polled.
func (c *Control) Ready() { c.tell(map[string]string{"event": "ready"}) }

// Failed tells why the worker could not start.
func (c *Control) Failed(err error) {
	text, hint := err.Error(), ""
	var ours *wistro.TerminalError
	if errors.As(err, &ours) {
		text, hint = withoutHint(err, ours.Hint), ours.Hint
	}
	c.tell(map[string]string{"event": "failed", "message": text, "hint": hint})
}

func (c *Control) tell(event map[string]string) {
	if c.conn == nil {
		return
	}
	// A parent that is gone is noticed by Follow.
	_ = json.NewEncoder(c.conn).Encode(event)
}
