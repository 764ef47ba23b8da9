"""Numbers, moments and text from outside, as pages show them. Clocks are those of China."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from markupsafe import Markup

CHINA = timezone(timedelta(hours=8), "CST")
NOTHING = Markup("–")
_UNITS = {"zh": ((100_000_000, "亿"), (10_000, "万")), "en": ((1_000_000_000, "bn"), (1_000_000, "m"), (1_000, "k"))}


def number(value: float | None) -> str:
    """12,031; a dash for none."""
    if value is None:
        return str(NOTHING)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def short_number(value: float, language: str) -> str:
    """As an axis of a chart has it: 1.2万, 12k."""
    for size, unit in _UNITS[language]:
        if abs(value) >= size:
            return f"{value / size:.1f}".removesuffix(".0") + unit
    return f"{value:g}"


def share(part: float, whole: float) -> str:
    """91 %; a dash of nothing. Not 100 % before it is all, nor 0 % while it is some."""
    if not whole:
        return str(NOTHING)
    percent = round(100 * part / whole)
    if part != whole:
        percent = min(percent, 99)
    return f"{max(percent, 1) if part else 0}%"


def hours(value: float | None) -> str:
    """3.5; a dash for none. Not 0 while it is some."""
    return "<0.1" if value is not None and 0 < value < 0.05 else number(value)


def yuan(fen: int | None) -> str:
    """¥26.80; a dash for none."""
    return str(NOTHING) if fen is None else f"¥{fen // 100:,}.{fen % 100:02}"


def moment(ms: int | None) -> Markup:
    """A `time` element of ms since the epoch: the clock of China, with its offset in what machines read."""
    if ms is None:
        return NOTHING
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(CHINA)
    return Markup('<time datetime="{}" title="{} UTC+8">{}</time>').format(
        at.isoformat(timespec="milliseconds"), f"{at:%Y-%m-%d %H:%M:%S}.{ms % 1000:03}", f"{at:%Y-%m-%d %H:%M:%S}"
    )


def local(ms: int) -> str:
    """As fields of a date and a time have it, on the clock of China: 2026-02-20T09:00, finer where it is finer."""
    at = datetime.fromtimestamp(ms / 1000, UTC).astimezone(CHINA).replace(tzinfo=None)
    fine = "milliseconds" if ms % 1000 else "seconds" if at.second else "minutes"
    return at.isoformat(timespec=fine)


def day(text: str | None) -> Markup:
    """A `time` element of a date, 2026-02-10."""
    return NOTHING if text is None else Markup('<time datetime="{}">{}</time>').format(text, text)
