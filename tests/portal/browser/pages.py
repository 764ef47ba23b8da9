"""Every page that browsers are led through: its name, who looks, where."""

from __future__ import annotations

from suyuan.access.principal import Role
from tests.portal.browser.market import EVIL_LISTING, PLATFORM, RECALLED

PAGES = {
    "public": (None, "/"),
    "enter": (None, "/enter"),
    "home-platform": (Role.PLATFORM, "/"),
    "home-investigator": (Role.INVESTIGATOR, "/"),
    "help": (Role.INVESTIGATOR, "/help"),
    "listings": (Role.PLATFORM, "/listings"),
    "listings-filtered": (Role.PLATFORM, f"/listings?listing={EVIL_LISTING}"),
    "access": (Role.ADMIN, "/access"),
    "health": (Role.ADMIN, "/health"),
    "not-found": (Role.PLATFORM, "/nowhere"),
}
__all__ = ["PAGES", "PLATFORM", "RECALLED"]
