package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"wistro.dev/go"
)

// sink is a journal that is away for some appends.
type sink struct {
	mu    sync.Mutex
	away  int
	taken []Entry
}

func (s *sink) append(_ context.Context, entries []Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away > 0 {
		s.away--
		return wistro.Retryable(errors.New("away"), 0)
	}
	s.taken = append(s.taken, entries...)
	return nil
}

func TestTheBufferKeepsEntriesInOrderWhileTheJournalIsAway(t *testing.T) {
	journal := &sink{away: 2}
	buffer := NewBuffer(journal.append, silent())
	for i := range 2 * bufferBatch {
		buffer.Append(Entry{Kind: "log", Message: fmt.Sprint(i)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	buffer.Close(ctx)
	if len(journal.taken) != 2*bufferBatch {
		t.Fatalf("%d entries arrived", len(journal.taken))
	}
	for i, entry := range journal.taken {
		if entry.Message != fmt.Sprint(i) {
			t.Fatalf("%s came as number %d", entry.Message, i)
		}
	}
}

func TestTheBufferDropsTheOldestLinesFirst(t *testing.T) {
	journal := &sink{away: 1 << 30}
	buffer := NewBuffer(journal.append, silent())
	buffer.Append(Entry{Kind: "delivery.started"})
	for i := range bufferCapacity + bufferBatch + 10 {
		buffer.Append(Entry{Kind: "log", Message: fmt.Sprint(i)})
	}
	buffer.mu.Lock()
	waiting, dropped := len(buffer.waiting), buffer.dropped
	buffer.mu.Unlock()
	if waiting > bufferCapacity || dropped == 0 {
		t.Fatalf("%d entries wait, %d were dropped", waiting, dropped)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	buffer.Close(ctx) // Does not wait for ever, and counts what is lost.
	if buffer.dropped == 0 {
		t.Error("nothing was counted as lost")
	}
}
