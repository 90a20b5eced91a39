"""Small models of what the services' documents promise, written from the documents and not from the local cloud.

tokens  client tokens of CreateInstance
queue   a queue with its dead-letter queue: visibility, delays, handles, retention
table   a table of Tablestore: conditions, updates, expiry, ranges
run     how long the state machines run that compare the local cloud with them

What no document says is left open: a model asks no more than it can name a source for, and where a rule is inferred it
says so.
"""
