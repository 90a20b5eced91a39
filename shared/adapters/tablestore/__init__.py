"""The store on Tablestore: the deployed one.

schema   names, types and limits, shared with template.yml by a test
sdk      the SDK, imported without what it does not need
client   a client for one set of credentials
calls    errors, bounded retries, and what a lost answer to a conditional write means
rows     records, entries and leases as rows
store    the port
"""
