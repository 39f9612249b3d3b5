// Package worker is what runs Go steps: Temporal activities that make attempts as workers/contract
// says. Its files are those of the other languages' workers.
//
//	activities   the Temporal side: heartbeats, cancellation, failures
//	deliveries   an attempt as it is seen from outside: timed, traced and noted
//	executor     one attempt of one delivery; knows nothing of Temporal
//	recording    what a handler does, kept until it has succeeded
//	prepared     a step that can be run; shapes: what data must look like
package worker
