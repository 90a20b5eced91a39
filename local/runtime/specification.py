"""What template.yml says of a function and of its queue trigger, in the runtime's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.runtime.template import Resolver, TemplateError, Unresolved, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FUNCTION_TYPE = "ALIYUN::FC3::Function"
TRIGGER_TYPE = "ALIYUN::FC3::Trigger"
SUFFIX = "Function"


@dataclass(frozen=True, slots=True)
class FunctionSpecification:
    """One function. Time limits are in seconds, memory is in MB; `lacking` are variables only the cloud can fill."""

    name: str
    handler: str
    initializer: str | None
    runtime: str
    timeout: float
    initializer_timeout: float
    memory: int
    environment: Mapping[str, str] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueTriggerSpecification:
    """How the platform feeds a function from a queue."""

    queue: str
    base64: bool
    batch_size: int
    window_seconds: float
    strategy: str
    dead_letters: str | None


class Deployment:
    """The template's functions and triggers under short names: `ProvisionFunction` is `provision`."""

    def __init__(self, path: Path, parameters: Mapping[str, Any] | None = None) -> None:
        self._path = path
        self._template = load(path)
        self._resolver = Resolver(self._template, parameters)

    @property
    def names(self) -> list[str]:
        """The functions there are."""
        return [_short(name) for name, _ in self._of_type(FUNCTION_TYPE)]

    def function(self, name: str) -> FunctionSpecification:
        """Return one function; raise TemplateError when there is none of that name, or it lacks a property."""
        for logical_name, properties in self._of_type(FUNCTION_TYPE):
            if _short(logical_name) == name:
                return self._function(logical_name, self._resolver.value(properties))
        raise TemplateError(f"there is no function {name} in {self._path}; there are: {', '.join(self.names)}")

    def queue_trigger(self) -> QueueTriggerSpecification:
        """Return the (one) queue trigger."""
        for name, properties in self._of_type(TRIGGER_TYPE):
            given = self._resolver.value(properties)
            if given["TriggerType"] == "eventbridge":
                return _queue_trigger(f"{self._path}: {name}", given["TriggerConfig"])
        raise TemplateError(f"{self._path} has no queue trigger")

    def _of_type(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        resources = self._template["Resources"].items()
        return [(name, resource["Properties"]) for name, resource in resources if resource.get("Type") == kind]

    def _function(self, logical_name: str, given: dict[str, Any]) -> FunctionSpecification:
        hook = given.get("InstanceLifecycleConfig", {}).get("Initializer", {})
        variables = given.get("EnvironmentVariables", {})
        try:
            return FunctionSpecification(
                name=str(given["FunctionName"]),
                handler=given["Handler"],
                initializer=hook.get("Handler"),
                runtime=given["Runtime"],
                timeout=float(given["Timeout"]),
                initializer_timeout=float(hook.get("Timeout", given["Timeout"])),
                memory=int(given["MemorySize"]),
                environment={k: _text(v) for k, v in variables.items() if not isinstance(v, Unresolved)},
                lacking=tuple(k for k, v in variables.items() if isinstance(v, Unresolved)),
            )
        except KeyError as error:
            raise TemplateError(f"{self._path}: {logical_name} has no {error.args[0]}") from error


def _short(logical_name: str) -> str:
    return logical_name.removesuffix(SUFFIX).lower()


def _text(value: object) -> str:
    """Return a variable's value as the platform hands it over: text, booleans as in JSON."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _queue_trigger(where: str, config: dict[str, Any]) -> QueueTriggerSpecification:
    try:
        source = config["eventSourceConfig"]["eventSourceParameters"]["sourceMNSParameters"]
        options = config["runOptions"]
        window = options["batchWindow"]
        arn = options.get("deadLetterQueue", {}).get("Arn")
        return QueueTriggerSpecification(
            queue=source["QueueName"],
            base64=source["IsBase64Decode"],
            batch_size=window["CountBasedWindow"],
            window_seconds=window["TimeBasedWindow"],
            strategy=options["retryStrategy"]["PushRetryStrategy"],
            dead_letters=arn.rsplit("/", 1)[-1] if isinstance(arn, str) else None,
        )
    except KeyError as error:
        raise TemplateError(f"{where} has no {error.args[0]}") from error
