"""Profiles in one columnar form: reading, writing, questions, ranking, flame graphs."""
