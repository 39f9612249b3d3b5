"""What one writes against the Temporal SDK by hand: the yardstick of the benchmarks."""
