"""What a profile answers, as text for people, compactly for a model, as Markdown and as JSON, of a limited size."""
