"""Which small world shows that a safeguard is needed, and why the others are not shown here."""

from __future__ import annotations

SHOWN = {
    "the token is recorded before the call": "twice delivered, two workers",
    "a generation keeps its token": "twice delivered, two workers",
    "another generation has another token": "no stock, and an alternative",
    "whoever announced a call is left to it until the fence": "twice delivered, an alternative",
    "unknown answers are settled": "an alternative, shown late",
    "an unknown answer is remembered": "an alternative, shown late",
    "no retry is hidden in the transport": "an alternative, shown late",
    "the look-up comes first once the token may be forgotten": "an expired token",
    "a sender's token that stands for something else ends the request": "a sender's token, used before",
    "writes are conditional": "twice delivered, an alternative",
    "an outcome's bytes are frozen": "twice delivered, two workers",
    "a message is sent again before it is acknowledged": "twice delivered, two workers",
    "absence means nothing in the grace period": "two instances, one shown late",
    "what the API says is cleaned of secrets": "a refused password",
    "a message is looked up before it is judged": "settings change, an accepted message",
    "a refusal is frozen before it is published": "settings change, a refused message",
    "a bug is counted": "a bug",
    "the tag names the store": "two stacks of one name",
    "unknown fields survive an update": "two versions",
    "what cannot be read is not absent": "two versions",
    "refused keys are no message's failure": "keys that end",
    "refused keys end the process": "keys that end",
    "open work has an entry": "twice delivered, two workers",
    "a copy comes to what the recorded policy says": "a policy that changes",
    "what is called for was judged": "a policy that changes",
    "a forbidden alternative is skipped": "a policy that changes",
    "a lifetime is set before the start": "a lifetime",
    "a release time that came too near is moved": "a lifetime, and a timer that was down",
    "absence is confirmed by name": "two instances, one missed",
    "the record comes before the place": "one place, two requests",
    "places are taken before a call": "one place, two requests",
    "places are counted": "one place, two requests",
    "a place is given back by its holder": "one place, two requests",
    "a place is kept while a call is in doubt": "one place, two requests",
    "places are given back at the end": "one place, two requests",
    "a pause is read": "a pause and a call",
    "a call under way is settled before a cancel": "a cancel and a call",
}
"""By safeguard, the world whose exploration finds a violation without it."""

NOT_SHOWN = {
    "a look-up that failed is repeated later": "what breaks is a number: more than twelve look-ups in a minute",
    "a region that does not answer is asked seldom": "what breaks is a number: more than ten calls in a minute",
    "the policy is read again": "each delivery has a process of its own here, which reads the policy afresh",
    "a pause is read again": "each delivery has a process of its own here, which reads the pause afresh",
}
"""By safeguard, why no world is explored for it; the simulation shows it."""
