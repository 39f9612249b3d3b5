package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"wistro.dev/go"
)

const (
	bufferCapacity = 10_000
	bufferBatch    = 500
	bufferEvery    = 100 * time.Millisecond
	firstPause     = 100 * time.Millisecond
	longestPause   = 2 * time.Second
	complainEvery  = 10 * time.Second
)

// Sink takes journal entries, in this order, all or none.
type Sink func(ctx context.Context, entries []Entry) error

// Buffer appends to a sink in the background, so that a step never waits for the journal.
//
// While the sink is away, entries wait in memory. Beyond the capacity the oldest log lines are dropped
// first: what a run did matters longer than what it said.
type Buffer struct {
	sink   Sink
	log    *slog.Logger
	wake   chan struct{}
	closed chan struct{}
	done   chan struct{}
	// ctx ends the last attempts to append, when closing has taken too long.
	ctx    context.Context
	giveUp context.CancelFunc

	mu      sync.Mutex
	waiting []Entry
	dropped int
}

// NewBuffer begins to append to a sink; Close it.
func NewBuffer(sink Sink, log *slog.Logger) *Buffer {
	ctx, giveUp := context.WithCancel(context.Background())
	buffer := &Buffer{
		sink: sink, log: log, ctx: ctx, giveUp: giveUp,
		wake: make(chan struct{}, 1), closed: make(chan struct{}), done: make(chan struct{}),
	}
	go buffer.run()
	return buffer
}

// Append takes an entry and returns at once.
func (b *Buffer) Append(entry Entry) {
	b.mu.Lock()
	if len(b.waiting) >= bufferCapacity {
		b.drop()
	}
	b.waiting = append(b.waiting, entry)
	count := len(b.waiting)
	b.mu.Unlock()
	if count == 1 || count == bufferBatch {
		select {
		case b.wake <- struct{}{}:
		default:
		}
	}
}

// drop makes room: the oldest log line goes, or the oldest entry when there is no log line.
func (b *Buffer) drop() {
	b.dropped++
	oldest := max(slices.IndexFunc(b.waiting, func(entry Entry) bool { return entry.Kind == "log" }), 0)
	b.waiting = slices.Delete(b.waiting, oldest, oldest+1)
}

// Close appends what waits for as long as the context allows; the rest is lost, and that is logged.
func (b *Buffer) Close(ctx context.Context) {
	close(b.closed)
	select {
	case <-b.done:
	case <-ctx.Done():
	}
	b.giveUp()
	<-b.done
	b.mu.Lock()
	defer b.mu.Unlock()
	if lost := len(b.waiting) + b.dropped; lost > 0 {
		b.log.Error("journal entries were lost", "entries", lost)
	}
}

func (b *Buffer) run() {
	defer close(b.done)
	for {
		select {
		case <-b.wake:
		case <-b.closed:
		}
		if b.collect(); !b.flush() {
			return
		}
	}
}

// collect waits a moment for entries that can travel together.
func (b *Buffer) collect() {
	more := time.NewTimer(bufferEvery)
	defer more.Stop()
	for {
		b.mu.Lock()
		enough := len(b.waiting) >= bufferBatch
		b.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-b.wake:
		case <-more.C:
			return
		case <-b.closed:
			return
		}
	}
}

// flush appends what waits, and says whether to go on.
func (b *Buffer) flush() bool {
	for {
		b.mu.Lock()
		batch := slices.Clone(b.waiting[:min(len(b.waiting), bufferBatch)])
		b.waiting = b.waiting[len(batch):]
		b.mu.Unlock()
		if len(batch) == 0 {
			select {
			case <-b.closed:
				return false
			default:
				return true
			}
		}
		if !b.deliver(batch) {
			b.mu.Lock()
			b.dropped += len(batch)
			b.mu.Unlock()
			return false
		}
	}
}

// deliver appends one batch, trying until the sink takes or refuses it; false when it had to give up.
func (b *Buffer) deliver(batch []Entry) bool {
	pause, complained := firstPause, time.Time{}
	for {
		err := b.sink(b.ctx, batch)
		var later *wistro.RetryableError
		switch {
		case err == nil:
			return true
		case b.ctx.Err() != nil:
			return false
		case !errors.As(err, &later):
			b.log.Error("the journal refused entries", "entries", len(batch), "error", err.Error())
			return true
		case time.Since(complained) > complainEvery:
			complained = time.Now()
			b.log.Error("the journal is away", "error", err.Error())
		}
		select {
		case <-time.After(pause):
		case <-b.ctx.Done():
			return false
		}
		pause = min(2*pause, longestPause)
	}
}
