"""Keys by the command: whoever can write the folder is admin."""

from __future__ import annotations

import json

import pytest


def test_a_key_is_given_listed_without_its_secret_and_taken_back(suyuan):
    given = suyuan("access", "grant", "--role", "regulator", "--name", "杭州", "--division", "3301", "--json")
    key, id_ = given.row["key"], given.row["id"]
    assert key.startswith(f"sy_{id_}_")
    (row,) = map(json.loads, suyuan("access", "list", "--json").output.splitlines())
    assert (row["role"], row["division"], row["name"], row["state"]) == ("regulator", "3301", "杭州", "good")
    listed = suyuan("access", "list").output
    assert id_ in listed
    assert key[-43:] not in listed
    assert suyuan("access", "revoke", id_).code == 0
    assert suyuan("access", "list", "--json").row["state"] == "revoked"


def test_the_key_alone_is_printed_for_programs(suyuan):
    given = suyuan("access", "grant", "--role", "admin", "--name", "first")
    assert given.output.startswith("sy_")
    assert len(given.output.strip()) == 59
    assert "not shown again" in given.errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--role", "platform"], "needs its credit code"),
        (["--role", "regulator"], "needs a division"),
        (["--role", "admin", "--days", "0"], "1 to 400 days"),
        (["--role", "publisher", "--code", "9133", "--kind", "day"], "no kind of events"),
    ],
)
def test_what_makes_no_sense_is_refused(suyuan, options, said):
    answer = suyuan("access", "grant", "--name", "x", *options)
    assert answer.code == 2
    assert said in answer.errors
    assert suyuan("access", "list", "--json").output == ""


def test_nobody_is_taken_what_nobody_was_given(suyuan):
    assert "there is no log" in suyuan("access", "list").errors
    suyuan("access", "grant", "--role", "admin", "--name", "first")
    answer = suyuan("access", "revoke", "aaaaaaaaaaaa")
    assert (answer.code, "there is no key" in answer.errors) == (2, True)
