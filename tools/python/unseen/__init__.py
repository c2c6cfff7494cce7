"""Giving a Python workload inputs that whoever wrote a change didn't see: other sizes and other seeds."""
