"""Companies come onto the market, are registered, licensed, struck off."""

from __future__ import annotations

from suyuan.simulation.calendar import moment
from suyuan.simulation.goods import BRANDS, GROUNDS, SELLER_TRADES, Category
from suyuan.simulation.minting import wrong_check
from suyuan.simulation.parties import Company
from suyuan.simulation.places import PLACES
from suyuan.simulation.scene import AUTHORITY, Scene

_NONCONFORMING = 0.03
_TEMPORARILY_ABNORMAL = 0.01


class Registry:
    """New companies and their records."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def company(self, trade: str | None = None) -> Company:
        """A company with a valid code and no record yet."""
        rng = self._scene.rng
        place = rng.choice(PLACES)
        name = f"{place.city}{rng.choice(BRANDS)}{trade or rng.choice(SELLER_TRADES)}有限公司"
        return Company(self._scene.mint.credit_code(place.division), name, place.division)

    def registered(self, trade: str | None = None) -> Company:
        """A company in good standing. Few have a code issued not conforming, few were abnormal once."""
        rng = self._scene.rng
        company = self.company(trade)
        if rng.random() < _NONCONFORMING:
            company = Company(wrong_check(company.code), company.name, company.division)
        founded = rng.randint(400, 4000)
        self.record(company, "active", founded)
        if rng.random() < _TEMPORARILY_ABNORMAL:
            days = rng.randint(60, 300)
            self.record(company, "abnormal", days)
            self.record(company, "active", days - 30)
        return company

    def record(self, company: Company, status: str, days_ago: int) -> None:
        """An entity record of so many days ago."""
        fields = {"code": company.code, "name": company.name, "status": status, "division": company.division}
        self._scene.emit("entity", AUTHORITY, moment(self._scene.calendar.days_ago(days_ago)), fields)

    def licence(
        self,
        holder: Company,
        categories: list[str],
        scheme: str,
        *,
        days: tuple[int, int | None] = (1500, -900),
        status: str = "valid",
    ) -> str:
        """A licence from `days[0]` to `days[1]` days ago (negative: to come, None: no end); its number."""
        calendar = self._scene.calendar
        number = self._scene.mint.licence_no(scheme, holder.division)
        valid_from, valid_to = (
            calendar.days_ago(days[0]),
            None if days[1] is None else calendar.days_ago(days[1]),
        )
        fields = {
            "licence_no": number,
            "holder_code": holder.code,
            "categories": categories,
            "valid_from": valid_from.isoformat(),
            "valid_to": valid_to and valid_to.isoformat(),
            "status": "valid",
        }
        self._scene.emit("licence", AUTHORITY, moment(valid_from), fields)
        if status != "valid":
            self._scene.emit("licence", AUTHORITY, moment(calendar.days_ago(70)), {**fields, "status": status})
        return number

    def licence_for(self, maker: Company, category: Category) -> str | None:
        """A licence in force for that category, None where none is required."""
        if category.licence_scheme is None:
            return None
        until = self._scene.rng.choice((-900, None))
        return self.licence(maker, [category.name], category.licence_scheme, days=(1500, until))

    def penalty(self, company: Company, status: str = "in_force") -> None:
        """A decision against a company, of some days ago."""
        rng, calendar = self._scene.rng, self._scene.calendar
        decided = calendar.days_ago(rng.randint(1, 60))
        fields = {
            "decision_no": self._scene.mint.number("市监处罚"),
            "subject_code": company.code,
            "division": company.division,
            "ground": rng.choice(GROUNDS),
            "amount_fen": rng.randint(50, 5000) * 10_000,
            "status": "in_force",
            "decided_on": decided.isoformat(),
        }
        self._scene.emit("penalty", AUTHORITY, moment(decided), fields)
        if status != "in_force":
            self._scene.emit("penalty", AUTHORITY, moment(decided, 16), {**fields, "status": status})
