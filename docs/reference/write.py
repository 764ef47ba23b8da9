"""Write the reference pages that say what the code says: `make reference`. A test holds the pages to it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import typer
from fastapi.openapi.utils import get_openapi
from prometheus_client.metrics import MetricWrapperBase

import suyuan.operations.audit.metrics
import suyuan.operations.webhooks.metrics
import suyuan.portal.metrics
import suyuan.queries.metrics
import suyuan.sinks.metrics
import suyuan.streams.metrics
from suyuan.cli.main import app
from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.columns import COLUMNS
from suyuan.operations.topics.spec import MESSAGE_BYTES, UNREAD
from suyuan.portal.problems import PREFIX, TYPES
from suyuan.portal.routers import ROUTERS
from suyuan.publishing.files.columns import table as table_of_words
from suyuan.publishing.files.columns import values_table
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.settings import Settings
from suyuan.schemas.fields import Field
from suyuan.schemas.kinds import EVENT_KINDS, KINDS, event_schema
from suyuan.schemas.topics import topics_table
from suyuan.streams.state.changelog import COMPACTION_LAG_MS

FOLDER = Path(__file__).parent
WORDS = tomllib.loads((FOLDER / "words.toml").read_text(encoding="utf-8"))

Row = tuple[str, ...]


def table(head: Row, rows: Iterator[Row]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def command_page() -> str:
    """Every command with its arguments and options, exit codes, settings."""
    root = typer.main.get_command(app)
    codes = table(("code", "means"), ((str(code.value), WORDS["exit"][code.name]) for code in Exit))
    settings = table(
        ("variable", "default", "sets"),
        (
            (f"`SUYUAN_{name.upper()}`", f"`{field.default}`".lower(), WORDS["setting"][name])
            for name, field in Settings.model_fields.items()
        ),
    )
    sections = "\n".join(_command(path, command) for path, command in _commands("suyuan", root))
    return WORDS["page"]["command"].format(codes=codes, settings=settings, sections=sections)


def _commands(path: str, command: typer.core.TyperCommand | typer.core.TyperGroup) -> Iterator[tuple[str, object]]:
    if path != "suyuan":
        yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(f"{path} {name}", inner)


def _command(path: str, command: object) -> str:
    arguments, options = [], []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            arguments.append(parameter)
        elif parameter.name != "help":
            options.append(parameter)
    names = " ".join((parameter.metavar or parameter.name.upper()) for parameter in arguments)
    text = " ".join((command.help or "").split("\n\n")[0].split())
    rest = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n")[1:])
    usage = f"{path} {names}".strip() + (" [OPTIONS]" if options else "")
    parts = [f"### {path}\n", f"```text\n{usage}\n```\n", f"{text}\n", f"{rest}\n" if rest else ""]
    if options:
        parts.append(table(("option", "does"), ((_option(option), _help(option)) for option in options)))
    return "\n".join(part for part in parts if part)


def _option(option: object) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    value = "N" if option.type_descriptor.annotation is int else "VALUE"
    return f"{names} {option.metavar or value}"


def _help(option: object) -> str:
    """With the default where typer shows one and the text does not say it."""
    shown = option.default not in (None, False) and option.show_default and "default" not in option.help
    return f"{option.help} Default {option.default}." if shown else option.help


def events_page() -> str:
    """Every kind, field by field."""
    rules = EVENT_KINDS.values()
    return WORDS["page"]["events"].format(
        sections="\n".join(_kind(kind) for kind in KINDS),
        names=_names(name for each in rules for name in each.lists_of("text", "free")),
        numbers=_names(name for each in rules for name in each.numbers),
        codes=_names(name for each in rules for name in each.must_match if name in each.codes),
        past=_names(name for each in rules for name in each.past),
        counted=_names(name for each in rules for name in each.counted),
    )


def _names(fields: Iterator[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(fields))


def _kind(kind: str) -> str:
    schema = event_schema(kind)
    key = ", ".join(f"`{name}`" for name in schema.business_key)
    fields = table(("field", "type", "holds"), (_field(field) for field in schema.fields[3:]))
    return f"## {kind}\n\n{schema.avro['doc']}. Business key: {key}. Schema id {schema.schema_id}.\n\n{fields}"


def _field(field: Field) -> Row:
    return f"`{field.name}`" + ("?" if field.optional else ""), _type(field), field.doc


def _type(field: Field) -> str:
    if field.values:
        return ", ".join(f"`{value}`" for value in field.values)
    if field.items is not None:
        return f"list of {_type(field.items)}"
    if field.fields:
        return "(" + ", ".join(f"`{inner.name}` {_type(inner)}" for inner in field.fields) + ")"
    return WORDS["type"][field.type]


def topics_page() -> str:
    """The table of topics, and how they have to be on Kafka."""
    return WORDS["page"]["topics"].format(
        table=topics_table(), unread=UNREAD.days, lag=COMPACTION_LAG_MS // 3_600_000, megabytes=MESSAGE_BYTES >> 20
    )


def gaps_page() -> str:
    """The gaps of a chain, in the order in which they are looked for."""
    gaps = table(
        ("group", "gap", "class", "holds when"),
        ((gap.group, f"`{gap.gap}`", gap.class_, WORDS["gap"][gap.gap]) for gap in GAPS),
    )
    return WORDS["page"]["gaps"].format(table=gaps)


def rules_page() -> str:
    """The rules that ship with the product, and what a rule may ask about."""
    columns = table(
        ("column", "kind", "only"),
        (
            (f"`{name}`", column.kind.value, "" if name == "gap_names" else ", ".join(sorted(column.values or ())))
            for name, column in COLUMNS.items()
        ),
    )
    rules = table(
        ("rule", "title", "severity", "mode", "about", "bureau of", "fires when"),
        (
            (
                f"`{rule.id}` v{rule.version}",
                f"{rule.title_zh} · {rule.title_en}",
                rule.severity,
                rule.mode,
                rule.about,
                f"{rule.jurisdiction}, {rule.level}",
                f"`{rule.expression}`",
            )
            for rule in built_in_rules()
        ),
    )
    return WORDS["page"]["rules"].format(columns=columns, rules=rules)


def metrics_page() -> str:
    """Every metric."""
    found = [
        metric
        for module in (
            suyuan.streams.metrics,
            suyuan.sinks.metrics,
            suyuan.queries.metrics,
            suyuan.portal.metrics,
            suyuan.operations.webhooks.metrics,
            suyuan.operations.audit.metrics,
        )
        for metric in vars(module).values()
        if isinstance(metric, MetricWrapperBase)
    ]
    rows = (
        (
            f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
            family.type,
            ", ".join(f"`{label}`" for label in metric._labelnames),  # noqa: SLF001 - there is no other way to ask
            family.documentation,
        )
        for metric in found
        for family in metric.describe()
    )
    return WORDS["page"]["metrics"].format(table=table(("metric", "type", "labels", "is"), rows))


def columns_page() -> str:
    """The words by which columns of tables are known, and words in cells."""
    words = table_of_words()
    sections = "\n".join(
        f"## {'Every kind' if kind == 'every' else kind}\n\n"
        + table(("field", "columns"), ((f"`{name}`", " ".join(each)) for name, each in fields.items()))
        for kind, fields in words.items()
    )
    values = table(
        ("kind", "field", "value", "words"),
        (
            (kind, f"`{name}`", f"`{value}`", " ".join(each))
            for kind, fields in values_table().items()
            for name, values in fields.items()
            for value, each in values.items()
        ),
    )
    return WORDS["page"]["columns"].format(sections=sections, values=values)


def api_page() -> str:
    """Every route of the API, as its own description has it."""
    routes = [route for router in ROUTERS for route in router.routes]
    described = get_openapi(title="", version="", routes=routes)
    by_tag: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            tag = next(iter(said.get("tags", [])), "more")
            by_tag.setdefault(tag, []).append(_route(described, method.upper(), path, said))
    sections = "\n".join(f"## {tag}\n\n" + "\n".join(parts) for tag, parts in sorted(by_tag.items()))
    problems = table(
        ("type", "status", "title", "what to do"),
        ((f"`{PREFIX}{name}`", str(type_.status), type_.title, type_.advice) for name, type_ in TYPES.items()),
    )
    return WORDS["page"]["api"].format(sections=sections, problems=problems)


def _route(described: dict, method: str, path: str, said: dict) -> str:
    roles = said.get("x-suyuan-roles")
    who = "anybody, without a key" if roles is None else ", ".join(roles)
    parts = [f"### {method} {path}\n", f"{' '.join(said.get('description', '').split())}\n", f"For: {who}.\n"]
    given = [(each["name"], each["in"], each["schema"], each) for each in said.get("parameters", [])]
    for form, content in said.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(described, content.get("schema", {}))
        needed = schema.get("required", ())
        given += [
            (name, "body", _resolved(described, each), {"required": name in needed})
            for name, each in schema.get("properties", {}).items()
        ]
        parts.append(f"Body: `{form}`.\n")
    if given:
        rows = ((f"`{name}`", place, _values(schema), _about(schema, each)) for name, place, schema, each in given)
        parts.append(table(("parameter", "in", "value", "means"), rows))
    return "\n".join(parts)


def _resolved(described: dict, schema: dict) -> dict:
    name = schema.get("$ref", "").rpartition("/")[2]
    return described["components"]["schemas"][name] if name else schema


def _values(schema: dict) -> str:
    """What a value may be; that most may be left out is not said of each."""
    either = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    said = next(iter(either), {})
    if "const" in said:
        return f"`{said['const']}`"
    if "enum" in said:
        return ", ".join(f"`{each}`" for each in said["enum"] if each)
    least, most = said.get("minimum"), said.get("maximum")
    kind = {"integer": "integer", "number": "number", "array": "list", "boolean": "true, false"}.get(
        said.get("type", ""), "text"
    )
    return kind if most is None else f"{kind}, {least:g} to {most:g}"


def _about(schema: dict, each: dict) -> str:
    parts = [each.get("description", "")]
    if each.get("required") and each.get("in") != "path":
        parts.append("required")
    if (default := schema.get("default")) not in (None, "", []):
        parts.append(f"default `{default}`")
    return "; ".join(part for part in parts if part)


PAGES: dict[str, Callable[[], str]] = {
    "command.md": command_page,
    "events.md": events_page,
    "columns.md": columns_page,
    "topics.md": topics_page,
    "gaps.md": gaps_page,
    "rules.md": rules_page,
    "metrics.md": metrics_page,
    "api.md": api_page,
}


def page(name: str) -> str:
    """The text of a page as it should be."""
    return PAGES[name]().rstrip("\n") + "\n"


def main() -> None:
    """Write every page."""
    for name in PAGES:
        (FOLDER / name).write_text(page(name), encoding="utf-8")
        sys.stdout.write(f"{FOLDER.name}/{name}\n")


if __name__ == "__main__":
    main()
