"""Checks that the versions of each kind of event can read each other, before anything is read with them."""

from __future__ import annotations

from itertools import combinations

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.schemas.compatibility import check
from suyuan.schemas.kinds import KINDS, SCHEMA_IDS, schema_by_id


class IncompatibleVersions(SuyuanError, ValueError):
    """Two versions of a kind do not read each other."""

    kind = ErrorKind.CONFIGURATION


def refuse_incompatible_versions() -> None:
    """Raise IncompatibleVersions, naming kind, versions, field and reason, unless all are FULL_TRANSITIVE, as
    registries call it.
    """
    for kind in KINDS:
        versions = [schema_by_id(number) for number, (name, _) in sorted(SCHEMA_IDS.items()) if name == kind]
        for old, new in combinations(versions, 2):
            for fault in check(old.avro, new.avro):
                raise IncompatibleVersions(
                    f"schema {kind}, versions {old.version} and {new.version}: {fault.path} {fault.reason} "
                    f"({fault.direction}); nothing is read with them"
                )
