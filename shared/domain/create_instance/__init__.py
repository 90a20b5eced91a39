"""The CreateInstance contract: every documented parameter, limit and rule (snapshot of the page: 10 April 2026).

The page of the reference is the international site's. Values are typed as JSON has them; names are the documented
ones, flat inside the worker (`DataDisk.1.Size`).
"""
