"""Tablestore of the local cloud.

state        tables and rows: conditions, time-to-live, ranges, limits
plainbuffer  how rows are written inside the messages
filters      column conditions and filters
*_operations what each operation does, from request message to answer message
protocol     the list of them
messages     the protobuf messages
wire         HTTP: which operation, signed answers
signing      who calls
errors       the codes
"""
