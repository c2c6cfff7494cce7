"""The Messages API as data: the body of a request, a reply as it arrives, and what a failure means."""
