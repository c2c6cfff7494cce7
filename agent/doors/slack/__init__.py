"""Slack: mentions, direct messages and `/ask-profiler`; one thread is one conversation.

asking      what people say becomes a job or a choice
following   a job's progress in one message, its answer and its files
pressing    the buttons
talking     what is sent to Slack, at the pace that Slack allows
memory      what is found again after a restart
app         the whole door; http and socket are the two ways in
"""
