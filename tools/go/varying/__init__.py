"""Other inputs for Go benchmarks: which numbers in their source are sizes and seeds, and what to put there instead."""
