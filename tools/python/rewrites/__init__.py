"""Rewriting one place of a Python file with libcst; refused where it isn't shown to be safe."""
