"""`python -m suyuan.portal`: the portal as a process of its own. Settings come by the environment; what is given here
goes before them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from suyuan.errors import SuyuanError
from suyuan.portal.app import make_app
from suyuan.portal.ports import Ports
from suyuan.portal.server import listen, serve
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.exit_codes import Exit, exit_of
from suyuan.runtime.metrics_server import serve_metrics
from suyuan.runtime.portal_address import portal_address
from suyuan.runtime.process import prepare
from suyuan.runtime.settings import Settings, load
from suyuan.runtime.visible import visible


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    given = _parser().parse_args(arguments)
    try:
        prepare(stages=False, kafka=False)
        settings = _settings(given)
        listening = listen(settings)
        if not given.with_parent:
            serve_metrics(settings)
        app = make_app(Ports(deployment_of(settings)), settings)
        if not given.with_parent:
            _say(f"the portal is served at {portal_address(settings)}; Ctrl-C ends")
        serve(app, listening, settings, with_parent=given.with_parent)
    except SuyuanError as error:
        _say(f"suyuan portal: {error}")
        return exit_of(error)
    return Exit.DONE


def _settings(given: argparse.Namespace) -> Settings:
    return load(
        data=given.data,
        kafka="" if given.embedded else given.kafka,
        clickhouse="" if given.embedded else given.clickhouse,
        portal_host=given.host,
        portal_port=given.port,
        metrics_port=given.metrics_port,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m suyuan.portal", description="Serve the portal.")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--kafka")
    parser.add_argument("--clickhouse")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--metrics-port", type=int)
    everything = "log and tables are in the data folder, whatever settings say"
    parser.add_argument("--embedded", action="store_true", help=everything)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")


if __name__ == "__main__":
    sys.exit(main())
