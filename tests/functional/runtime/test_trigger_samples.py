"""Every trigger event of events/, handed to its function as the platform would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.runtime.worker import WorkerConfig
from local.samples import Samples, TriggerSample

if TYPE_CHECKING:
    from tests.support.place import Place

TRIGGERS = Samples.load().triggers


@pytest.mark.parametrize("runtime", ["python3.12", "python3.10"])
@pytest.mark.parametrize("sample", TRIGGERS, ids=lambda sample: sample.path.stem)
@pytest.mark.slow
def test_trigger_sample(place: Place, sample: TriggerSample, runtime: str) -> None:
    """The function takes the event in either context shape and leaves the instances the manifest names."""
    environ = {"PROVISIONER_POLL_SECONDS": "1"}
    with place.log_path.open("a", encoding="utf-8") as log:
        config = WorkerConfig(
            access=place.access, store="sqlite", data=place.folder, log=log, environ=environ, runtime=runtime
        )  # fmt: skip
        function = config.function(sample.function)
        answer = function.invoke(sample.path.read_bytes())
        function.close()
    assert answer.succeeded, answer.payload
    json.loads(answer.payload)
    assert place.instances() == dict.fromkeys(sample.instances, 1)
