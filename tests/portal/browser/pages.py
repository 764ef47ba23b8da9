"""Every page that browsers are led through: its name, who looks, where."""

from __future__ import annotations

from urllib.parse import quote

from suyuan.access.principal import Role
from suyuan.domain.alerts.subject import alert_id_about, finding_id, node_name
from tests.portal.browser.market import (
    EVIL_LISTING,
    HONEY,
    LOT,
    MARKUP,
    ORDER,
    OTHER_SELLER,
    PLATFORM,
    PRODUCER,
    RECALLED,
    WAITING,
    WEBHOOK,
)

ALERT = alert_id_about("recalled_level_1_on_sale", node_name("lot", [PRODUCER, HONEY, LOT]), "330106")
"""about a recalled lot, of the bureau where it is sold"""
OF_LISTING = finding_id("gtin_fake", PLATFORM, "200005")
"""about one listing"""
PAGES = {
    "public": (None, "/"),
    "enter": (None, "/enter"),
    "home-platform": (Role.PLATFORM, "/"),
    "home-investigator": (Role.INVESTIGATOR, "/"),
    "help": (Role.INVESTIGATOR, "/help"),
    "search": (Role.INVESTIGATOR, "/search"),
    "search-mistyped": (Role.INVESTIGATOR, "/search?q=91330784MABQYF7F4C"),
    "search-gtin": (Role.INVESTIGATOR, "/search?q=6903379452712"),
    "search-name": (Role.PLATFORM, "/search?q=%E8%9C%82%E8%9C%9C"),
    "search-several": (Role.INVESTIGATOR, "/search?q=RC-9%0AH260112%0A91310104MABR5Y503P%0Anothing"),
    "listings": (Role.PLATFORM, "/listings"),
    "uploads": (Role.PLATFORM, "/uploads"),
    "listings-filtered": (Role.PLATFORM, f"/listings?listing={EVIL_LISTING}"),
    "alerts": (Role.REGULATOR, "/alerts"),
    "alerts-filtered": (Role.PLATFORM, "/alerts?severity=critical&condition=standing"),
    "alerts-none": (Role.REGULATOR, "/alerts?bureau=65"),
    "alert": (Role.REGULATOR, f"/alerts/{ALERT}"),
    "alert-of-a-listing": (Role.REGULATOR, f"/alerts/{OF_LISTING}"),
    "alert-part": (Role.PLATFORM, f"/alerts/{ALERT}"),
    "alert-listings": (Role.REGULATOR, f"/alerts/{ALERT}/listings"),
    "desks": (Role.REGULATOR, "/desks"),
    "desks-none": (Role.INVESTIGATOR, "/desks?prefix=82"),
    "orders": (Role.REGULATOR, "/orders"),
    "orders-platform": (Role.PLATFORM, "/orders"),
    "orders-none": (Role.PLATFORM, "/orders?state=final"),
    "order": (Role.REGULATOR, f"/orders/{ORDER}"),
    "order-platform": (Role.PLATFORM, f"/orders/{WAITING}"),
    "order-sheet": (Role.REGULATOR, f"/orders/{ORDER}/sheet"),
    "order-notice": (Role.REGULATOR, f"/orders/{ORDER}/notices/seller"),
    "checks": (Role.REGULATOR, "/checks"),
    "checks-none": (Role.INVESTIGATOR, "/checks?bureau=65"),
    "check-plan": (Role.REGULATOR, "/checks/plan?bureau=330106"),
    "checks-public": (None, "/public/checks"),
    "divisions": (Role.INVESTIGATOR, "/divisions"),
    "divisions-province": (Role.REGULATOR, "/divisions"),
    "divisions-none": (Role.INVESTIGATOR, "/divisions?prefix=82"),
    "chains": (Role.INVESTIGATOR, "/chains"),
    "chain": (Role.INVESTIGATOR, f"/chains/{PLATFORM}/{RECALLED}"),
    "chain-hostile": (Role.PLATFORM, f"/chains/{PLATFORM}/{EVIL_LISTING}"),
    "trace-begin": (Role.INVESTIGATOR, "/traces"),
    "trace": (Role.INVESTIGATOR, f"/traces?subject=lot:{PRODUCER}/{HONEY}/{LOT}"),
    "impact": (Role.INVESTIGATOR, f"/impact/{PRODUCER}/RC-9"),
    "impact-hostile": (Role.INVESTIGATOR, f"/impact/{PRODUCER}/{quote(MARKUP, safe='')}"),
    "search-hostile": (Role.INVESTIGATOR, f"/search?q={EVIL_LISTING}"),
    "chains-hostile": (Role.INVESTIGATOR, f"/chains?seller={OTHER_SELLER}"),
    "trace-hostile": (Role.INVESTIGATOR, f"/traces?subject=listing:{PLATFORM}/{EVIL_LISTING}"),
    "dossier": (Role.INVESTIGATOR, f"/chains/{PLATFORM}/{RECALLED}/dossier"),
    "dossier-hostile": (Role.INVESTIGATOR, f"/chains/{PLATFORM}/{EVIL_LISTING}/dossier"),
    "timeline": (Role.INVESTIGATOR, f"/timeline?subject=listing:{PLATFORM}/{RECALLED}"),
    "timeline-begin": (Role.INVESTIGATOR, "/timeline"),
    "access": (Role.ADMIN, "/access"),
    "webhooks": (Role.ADMIN, "/webhooks?owner="),
    "webhook": (Role.ADMIN, f"/webhooks/{WEBHOOK}"),
    "health": (Role.ADMIN, "/health"),
    "not-found": (Role.PLATFORM, "/nowhere"),
}
__all__ = ["PAGES", "PLATFORM", "RECALLED"]
