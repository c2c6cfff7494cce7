"""Starting programs: limits, sandbox, cancellation. The only package that starts one."""
