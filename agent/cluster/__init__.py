"""Many machines: jobs through Procrastinate, steps in PostgreSQL, files on any address that fsspec knows."""
