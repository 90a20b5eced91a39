"""The local cloud: ECS, MNS and Tablestore as strict as the real ones, on this machine only.

    server, in_process      how a request comes in (HTTP, or `responses` inside the process)
    dispatch                which service it is for, faults, waiting
    admin, feed, pages      the `/_local` calls, what happens as a stream, the page
    cloud                   the services, and the faults that are set
    core                    what the services share: clock, configuration, keys, ids, recorder
    ecs, mns, tablestore    one package a service, built alike

A service is the class in its package's `protocol` module, after `service.Service`. Beside it stand `models` (what
there is), the table of actions and `*_responses` (what each does), `exceptions` (its codes) and `signing`.
"""
