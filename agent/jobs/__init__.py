"""Many runs: jobs, where they are recorded, the queues that hand them out, and the workers that carry them out."""
