"""The harness of the benchmarks: two sides that do the same, measured in turns."""
