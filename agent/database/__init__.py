"""Where the service keeps its records: one set of tables, in SQLite on one machine or in PostgreSQL for many."""
