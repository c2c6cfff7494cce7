"""Everything that touches programs, profiles and measurements; knows nothing of the agent."""
