"""Files that run in the target's interpreter; never imported here."""
