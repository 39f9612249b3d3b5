"""The Python worker: loads steps and runs them. `workers/contract` says what it promises."""
