"""Python targets: interpreter, workloads, captures, rewrites."""
