"""The selftest: known cheats that must be rejected and honest optimisations that must be accepted, on this host.

targets/   small programs, made to be optimised and cheated on
changes/   a patch for each change, and a catalogue for each language that says what it does
"""
