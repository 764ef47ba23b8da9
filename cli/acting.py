"""What `suyuan alert ID ACT` does: whoever can write to the log acts as a regulator of the whole country."""

from __future__ import annotations

import secrets
import time

from suyuan.access.principal import Principal, Role, scope_of
from suyuan.access.scope import EVERYTHING
from suyuan.domain.alerts.acts import ACTS, ID_CHARACTERS, RESOLUTIONS, ActName, Resolution
from suyuan.domain.alerts.life import allowed
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.alerts.acting import Doing, Seen, Wanted, prepared, publish
from suyuan.queries.api import OfAlert
from suyuan.runtime.deployment import Deployment
from suyuan.schemas.validation import InvalidEvent

BY = "command"
"""who acts, where nobody is named"""
_OPTIONS = {
    "until": ("--until", ("acknowledge",)),
    "assignee": ("--to", ("assign",)),
    "resolution": ("--as", ("resolve",)),
    "takedown": ("--takedown", ("resolve",)),
}
"""of fields of a wish: the option, and the acts that it is given with"""
_NEEDED = {"assign": ("assignee", "WHO"), "resolve": ("resolution", "|".join(RESOLUTIONS)), "comment": ("note", "TEXT")}


def wish(act: str, *, note: str | None, until: int | None, to: str | None, as_: str | None, takedown: bool) -> Wanted:
    """What the options say. Raises SuyuanError, USAGE, that names the option."""
    name: ActName | None = next((each for each in ACTS if each == act), None)
    if name is None:
        raise SuyuanError(f"{act} is nothing to do with an alert: one of {', '.join(ACTS)}", ErrorKind.USAGE)
    resolution: Resolution | None = next((each for each in RESOLUTIONS if each == as_), None)
    if as_ is not None and resolution is None:
        raise SuyuanError(f"--as {as_}: not one of {', '.join(RESOLUTIONS)}", ErrorKind.USAGE)
    made = Wanted(act=name, note=note, until=until, assignee=to, resolution=resolution, takedown=takedown)
    for field, (option, acts) in _OPTIONS.items():
        if getattr(made, field) and name not in acts:
            raise SuyuanError(f"{option} goes with {' and '.join(acts)}, not with {name}", ErrorKind.USAGE)
    field, value = _NEEDED.get(name, ("", ""))
    if field and not getattr(made, field):
        option = "--note" if field == "note" else _OPTIONS[field][0]
        raise SuyuanError(f"{name} needs {option} {value}", ErrorKind.USAGE)
    if made.takedown and resolution != "confirmed":
        raise SuyuanError("--takedown goes with --as confirmed: what was no fault stays on offer", ErrorKind.USAGE)
    return made


def act_on(deployment: Deployment, alert_id: str, wanted: Wanted, actor: str) -> Doing:
    """Append the act; durable on return. Raises SuyuanError: for no such alert, and for what it does not allow, with
    what it does.
    """
    if not actor.strip() or len(actor) > ID_CHARACTERS:
        raise SuyuanError(f"--actor: an account of 1 to {ID_CHARACTERS} characters", ErrorKind.USAGE)
    with deployment.queries() as ask:
        found = ask.alert(EVERYTHING, OfAlert(alert_id))
    if found is None:
        raise SuyuanError(f"no alert is called {alert_id}: suyuan alerts --json tells their ids")
    now, seen = time.time_ns() // 1_000_000, Seen.of(found, found.newest_listed_at)
    try:
        what = prepared(_principal(actor, now), [seen], wanted, now=now, chance=secrets.token_bytes)
    except InvalidEvent as error:
        option = "--note" if error.field == "note_id" else _OPTIONS.get(error.field, (error.field, ()))[0]
        raise SuyuanError(f"{option}: {error.reason}", ErrorKind.USAGE) from None
    for refused in what.refused:
        may = ", ".join(allowed(seen.handling))
        raise SuyuanError(f"alert {alert_id}: {refused.reason}; as it stands it allows {may}", ErrorKind.USAGE)
    with deployment.outlet() as outlet:
        publish(outlet, what)
    (doing,) = what.doing
    return doing


def _principal(actor: str, now: int) -> Principal:
    return Principal(actor, Role.REGULATOR, actor, scope_of(Role.REGULATOR, ""), (), "key", now)
