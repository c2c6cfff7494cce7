"""The HTTP application: questions by plain HTTP, the service's own pages, and the doors that speak through HTTP."""
