"""The guard's rules for Go: a helper program (helper/) reads both versions and says what a change adds or takes out."""
