"""Who interprets measurements: the playbook, Claude, or a recorded transcript."""
