"""The local cloud: ECS, MNS and Tablestore as strict as the real ones, on this machine only.

    server, in_process      how a request comes in (HTTP, or `responses` inside the process)
    dispatch                which service it is for, faults, waiting
    control                 the `/_local` calls
    cloud                   the state everything shares: clock, config, faults, keys, counters, services
    ecs, mns, tablestore    one package a service, built alike: state (the model), wire (the protocol), errors (codes)

A service is a class in its package's `wire` module that follows `service.Service`; `services.SERVICES` lists them.
"""
