// Package contract is what crosses between the engine and a worker: invocations, results and errors,
// as workers/contract describes them.
package contract

import "encoding/json"

// Version is the version of the contract that this worker speaks.
const Version = 1

// RunRef names a run, and a delivery in it.
type RunRef struct {
	Flow       string  `json:"flow" contract:"required"`
	RunID      string  `json:"run_id" contract:"required"`
	DeliveryID *string `json:"delivery_id"`
}

// Trigger is what started a run.
type Trigger struct {
	Kind          string          `json:"kind" contract:"required,oneof=api|event|cron|call|flow|operator|fork"`
	Step          *string         `json:"step"`
	Topic         *string         `json:"topic"`
	Parent        *RunRef         `json:"parent"`
	By            *string         `json:"by"`
	ClientContext json.RawMessage `json:"client_context"`
	Traceparent   *string         `json:"traceparent"`
	// Depth is how many calls of flows lie between the run and the one that no flow called.
	Depth int `json:"depth"`
}

// Invocation is one delivery, as handed to a worker.
type Invocation struct {
	Project        string          `json:"project" contract:"required"`
	Flow           string          `json:"flow" contract:"required"`
	RunID          string          `json:"run_id" contract:"required"`
	Build          string          `json:"build" contract:"required"`
	Step           string          `json:"step" contract:"required"`
	DeliveryID     string          `json:"delivery_id" contract:"required"`
	IdempotencyKey string          `json:"idempotency_key" contract:"required"`
	Trigger        Trigger         `json:"trigger" contract:"required"`
	Topic          *string         `json:"topic"`
	Data           json.RawMessage `json:"data"`
	// Attempt counts the attempts made before this call.
	Attempt int `json:"attempt"`
	// Released is how often an operator had it made again: the flows it calls are called again then.
	Released int `json:"released"`
	// Segment is given only to workers on the queue of the runs, which this one is not.
	Segment *Segment `json:"segment"`
	Version int      `json:"version"`
}

// Segment lets a worker go on with the subscribers of what a delivery emits.
type Segment struct {
	Plan   json.RawMessage `json:"plan" contract:"required"`
	Budget int             `json:"budget" contract:"required"`
}

// Emission is a message emitted by a handler.
type Emission struct {
	Topic string          `json:"topic" contract:"required"`
	Data  json.RawMessage `json:"data"`
}

// StepResult is what a handler did, recorded with its completion, all or nothing.
type StepResult struct {
	Emissions []Emission      `json:"emissions"`
	Output    json.RawMessage `json:"output"`
	Response  json.RawMessage `json:"response"`
	Responded bool            `json:"responded"`
}

// HTTPOutput is the output of an api step.
type HTTPOutput struct {
	Status       int               `json:"status"`
	Headers      map[string]string `json:"headers"`
	Body         json.RawMessage   `json:"body"`
	BodyEncoding string            `json:"body_encoding,omitempty"`
}

// ErrorInfo is the portable form of an error.
type ErrorInfo struct {
	Code      string          `json:"code" contract:"required"`
	Message   string          `json:"message" contract:"required"`
	Type      *string         `json:"type"`
	Stack     *string         `json:"stack"`
	Details   json.RawMessage `json:"details"`
	Retryable bool            `json:"retryable"`
	// RetryAfter is seconds to wait before the next attempt, when the error knows.
	RetryAfter *float64 `json:"retry_after"`
}
