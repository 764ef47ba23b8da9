"""Unified social credit code (GB 32100-2015): what the rest of the project uses of it."""

from suyuan.domain.identifiers.uscc_columns import uscc_faults
from suyuan.domain.identifiers.uscc_levels import (
    ALPHABET,
    LEVELS,
    Level,
    Standing,
    UsccReport,
    check_character,
    check_uscc,
    classify,
    is_well_formed,
    organisation_check_character,
)

__all__ = [
    "ALPHABET",
    "LEVELS",
    "Level",
    "Standing",
    "UsccReport",
    "check_character",
    "check_uscc",
    "classify",
    "is_well_formed",
    "organisation_check_character",
    "uscc_faults",
]
