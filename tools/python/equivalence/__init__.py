"""Comparing a change of Python code by value: its functions called on the same arguments, before and after."""
