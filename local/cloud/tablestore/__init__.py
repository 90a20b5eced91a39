"""Tablestore of the local cloud.

models       tables and rows: conditions, time-to-live, ranges, limits
plainbuffer  how rows are written inside the messages
messages     the protobuf messages, and the filters inside
operations   the table of operations; `*_responses` is what each does, from request message to answer message
protocol     HTTP: which operation, signed answers
signing      who calls
exceptions   the codes
"""
