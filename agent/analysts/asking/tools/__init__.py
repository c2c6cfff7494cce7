"""The tools that a model may call: questions to profiles, files, evidence, and what is measured for it."""
