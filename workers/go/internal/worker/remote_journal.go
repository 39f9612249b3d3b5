package worker

import (
	"context"
	"encoding/json"

	"wistro.dev/go/internal/contract"
)

const (
	maxRequestBytes   = 512 << 10
	maxRequestEntries = 1000
)

// batch is the entries of one run, with its token.
type batch struct {
	Token   string            `json:"token"`
	Entries []json.RawMessage `json:"entries"`
}

// AppendJournal appends entries of all the runs that a worker serves; large appends take several requests.
// It makes one attempt: put it behind a Buffer, which repeats and never makes a step wait.
func (a *API) AppendJournal(ctx context.Context, entries []Entry) error {
	for len(entries) > 0 {
		batches, taken, err := a.batches(entries)
		if err != nil {
			return err
		}
		if err := a.append(ctx, batches); err != nil {
			return err
		}
		entries = entries[taken:]
	}
	return nil
}

func (a *API) append(ctx context.Context, batches []*batch) error {
	var answer struct {
		Refused []struct {
			Entries int
			Message string
		}
	}
	err := a.do(ctx, call{path: "journal", body: map[string]any{"batches": batches}, repeatable: true}, &answer)
	if err != nil {
		return err
	}
	for _, refusal := range answer.Refused {
		a.log.Error("journal entries were refused", "entries", refusal.Entries, "error", refusal.Message)
	}
	return nil
}

// batches groups the first entries by run, as many as one request takes.
func (a *API) batches(entries []Entry) (batches []*batch, taken int, err error) {
	runs := map[[2]string]*batch{}
	size := 0
	for _, entry := range entries {
		text, err := contract.Write(entry)
		if err != nil {
			return nil, 0, err
		}
		if taken > 0 && (size > maxRequestBytes || taken == maxRequestEntries) {
			break
		}
		of := [2]string{entry.Flow, entry.RunID}
		if runs[of] == nil {
			token, err := a.token(entry.Flow, entry.RunID)
			if err != nil {
				return nil, 0, err
			}
			runs[of] = &batch{Token: token}
			batches = append(batches, runs[of])
		}
		runs[of].Entries = append(runs[of].Entries, text)
		size += len(text)
		taken++
	}
	return batches, taken, nil
}
