"""What the doctor says of the audit, by what the tables have of it."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from suyuan.errors import SuyuanError
from suyuan.operations.checks.audit import LATE_MS, signing
from suyuan.queries.answers import AuditHead, AuditNewest

NOW = 1_900_000_000_000
SIGNED = AuditHead(5, "00", "a note", NOW - 7_200_000)


class Tables:
    def __init__(self, newest, cosigned=None):
        self._newest, self._cosigned = newest, cosigned

    def audit_cosigned(self, _scope):
        return self._cosigned

    def audit_newest(self, _scope):
        return self._newest


@pytest.mark.parametrize(
    ("newest", "status", "words"),
    [
        (AuditNewest(0, None, None), "ok", "nothing was audited yet"),
        (AuditNewest(5, None, NOW), "warning", "5 entries and no signed checkpoint: without a key nothing is signed"),
        (AuditNewest(5, SIGNED, None), "ok", "5 entries; the newest checkpoint has 5, signed 2 hours ago"),
        (AuditNewest(6, SIGNED, NOW - LATE_MS), "ok", "6 entries; the newest checkpoint has 5"),
        (AuditNewest(6, SIGNED, NOW - LATE_MS - 1), "warning", "what came since 2030-03-17 17:36 UTC is not signed"),
        (AuditNewest(4, SIGNED, None), "failed", "entries are gone"),
    ],
)
def test_how_far_it_is_signed(newest, status, words):
    (finding,) = signing(lambda: nullcontext(Tables(newest)), NOW)
    assert (finding.check, finding.status) == ("audit", status)
    assert words in finding.detail


@pytest.mark.parametrize(
    ("cosigned", "words"),
    [
        (None, "no witness handed one back"),
        (AuditHead(5, "00", "a note", NOW - 120_000), "handed one back 2 minutes ago"),
        (AuditHead(2, "00", "a note", NOW), "handed one back less than a minute ago, 3 entries behind"),
    ],
)
def test_how_far_behind_a_witness_is(cosigned, words):
    (finding,) = signing(lambda: nullcontext(Tables(AuditNewest(5, SIGNED, None), cosigned)), NOW)
    assert finding.status == "ok"
    assert finding.detail.endswith(words)


def test_tables_that_do_not_answer_are_told():
    def away():
        raise SuyuanError("not there")

    (finding,) = signing(away, NOW)
    assert (finding.status, finding.detail) == ("warning", "not looked at: not there")
