"""What `deploy`, `doctor` and `logs` need of an account, service by service, and how it may fail.

Answers are the APIs' own bodies as plain data, under the APIs' own names; None stands for something that is not there.
Every method raises `Refused` when the service refuses and `NoAnswer` when it cannot be reached. Neither holds a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.policy.control import Pause

Data = dict[str, Any]

PASSING = ("Throttling", "ServiceUnavailable", "InternalError")
"""How codes begin that say that the service is busy, or has a fault of its own."""


class CloudFailure(Exception):
    """A call did not do what it was meant to; `action` is its name in policies, such as `fc:GetFunction`."""

    def __init__(self, action: str, code: str, message: str = "") -> None:
        super().__init__(f"{action}: {code}" + (f": {message}" if message else ""))
        self.action = action
        self.code = code
        self.message = message

    @property
    def passing(self) -> bool:
        """Whether the same call may well succeed a little later."""
        return False


class Refused(CloudFailure):
    """The service answered with an error."""

    @property
    def forbidden(self) -> bool:
        """Whether the keys may not make this call."""
        return any(word in self.code.lower() for word in ("nopermission", "forbidden", "accessdenied", "unauthorized"))

    @property
    def passing(self) -> bool:
        """See CloudFailure."""
        return self.code.startswith(PASSING)


class NoAnswer(CloudFailure):
    """Nothing came back, or nothing that the service would say."""

    @property
    def passing(self) -> bool:
        """See CloudFailure."""
        return True


@dataclass(frozen=True, slots=True)
class StackRequest:
    """What a stack is made or updated with."""

    template_url: str
    parameters: Mapping[str, str]


class Stacks(Protocol):
    """Resource Orchestration Service."""

    def find(self, name: str) -> Data | None:
        """Return a stack that exists (GetStack), by its exact name."""

    def template(self, stack_id: str) -> str:
        """Return the text of a stack's template."""

    def create(self, name: str, request: StackRequest) -> str:
        """Begin to create a stack and return its id."""

    def update(self, stack_id: str, request: StackRequest) -> bool:
        """Begin to update a stack; False when ROS finds nothing to change."""

    def events(self, stack_id: str) -> list[Data]:
        """Return a stack's events, newest first; of very many some hundred."""

    def policy(self, template: str) -> Data:
        """Return the policy that ROS says a template needs of whoever creates and updates stacks of it."""


class Objects(Protocol):
    """Object Storage Service."""

    def bucket_region(self, bucket: str) -> str | None:
        """Return the region of a bucket of the account, None where no such bucket exists."""

    def make_bucket(self, bucket: str) -> None:
        """Make a private bucket."""

    def has(self, bucket: str, key: str, size: int) -> bool:
        """Tell whether an object of that size is there."""

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object; what arrives is checked against what was sent."""


class Roles(Protocol):
    """Resource Access Management, and EventBridge's way of making its service-linked roles."""

    def role(self, name: str) -> Data | None:
        """Return a role (GetRole)."""

    def statements(self, name: str) -> list[Data]:
        """Return every statement of the policies that are attached to a role, the system's own included."""

    def make_service_linked(self, name: str) -> None:
        """Make one of the service-linked roles of EventBridge."""


class Functions(Protocol):
    """Function Compute 3.0."""

    def function(self, name: str) -> Data | None:
        """Return a function (GetFunction)."""

    def trigger(self, function: str, name: str) -> Data | None:
        """Return a trigger (GetTrigger); its configuration is text."""

    def reserved(self, function: str) -> int | None:
        """Return how many instances are reserved for a function (GetConcurrencyConfig)."""

    def asynchronous(self, function: str) -> Data | None:
        """Return the configuration of a function's asynchronous calls (GetAsyncInvokeConfig)."""


class Streams(Protocol):
    """EventBridge."""

    def of_queue(self, queue: str) -> list[Data]:
        """Return the event streams that read a queue (ListEventStreamings)."""


class Messaging(Protocol):
    """Simple Message Queue (MNS)."""

    def queue(self, name: str) -> Data | None:
        """Return a queue's attributes."""

    def is_empty(self, queue: str) -> bool:
        """Tell whether no message of a queue is visible; none is taken."""

    def topic(self, name: str) -> Data | None:
        """Return a topic's attributes."""

    def subscription(self, topic: str, name: str) -> Data | None:
        """Return a subscription's attributes."""


class Records(Protocol):
    """Tablestore: the instance, and what is in it."""

    def instance(self) -> Data | None:
        """Return the instance (GetInstance)."""

    def table(self, name: str) -> Data | None:
        """Return a table's keys, versions and time-to-live, named as in template.yml."""

    def read(self, table: str) -> None:
        """Read a row that need not be there."""

    def pause(self) -> Pause | None:
        """Return the operators' last word on whether anything may be bought, if there ever was one."""


class Logs(Protocol):
    """Simple Log Service: one project, one store."""

    def search(self, query: str, since: float, until: float, limit: int) -> list[Data]:
        """Return the lines that a query finds, oldest first; times are epoch seconds."""

    def alert(self, name: str) -> Data | None:
        """Return an alert rule (GetAlert)."""

    def dashboard(self, name: str) -> Data | None:
        """Return a dashboard (GetDashboard)."""


class Metrics(Protocol):
    """CloudMonitor."""

    def rule(self, name: str) -> Data | None:
        """Return an alert rule by its exact name (DescribeMetricRuleList)."""


class Clock(Protocol):
    """The times of two clocks, in epoch seconds."""

    def here(self) -> float:
        """Return this machine's time."""

    def there(self) -> float:
        """Return the time that the cloud's answer to a call carries, as it was when the answer came."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class Account:
    """The services of one account and region."""

    stacks: Stacks
    objects: Objects
    roles: Roles
    functions: Functions
    streams: Streams
    messaging: Messaging
    metrics: Metrics
    clock: Clock
    records: Callable[[str], Records]
    """Of an instance by its name."""
    logs: Callable[[str, str], Logs]
    """Of a project and a log store by their names."""
