"""Go targets: toolchain, benchmarks, captures, rewrites."""
