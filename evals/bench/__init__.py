"""The project's own figures: `python -m evals.bench` (`make bench`)."""
