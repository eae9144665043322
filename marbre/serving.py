"""How does the archive reach a browser? The commands that serve: an index, or the sample archive."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from marbre.terminal import INDEX_OPTION

__all__ = ["COMMANDS"]


@click.command()
@INDEX_OPTION
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; one a core.")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(2, 64), help="Threads a process.")
@click.option("--base-url", default="", help="Address readers know: https://archives.example.org/presse.")
@click.option("--path-prefix", "prefix", default="", metavar="/PATH", help="Path under which a proxy serves the site.")
@click.option("--trusted-host", "trusted_hosts", multiple=True, metavar="NAME", help="Answer to this host name only (repeatable).")
@click.option("--proxy", default="", metavar="ADDRESS", help="Believe X-Forwarded-For, -Proto and -Host of this address.")
@click.option("--page-size", default=20, show_default=True, type=click.IntRange(1, 100), help="Articles a page.")
@click.option("--rate-limit", default="", metavar="N/PERIOD", help="Questions of one visitor: 120/minute [default: no limit].")
@click.option("--title", default="Marbre", show_default=True, help="Name of the house.")
@click.option("--logo", default="", type=click.Path(dir_okay=False), help="Image beside the name.")
@click.option("--https", is_flag=True, help="The proxy speaks HTTPS: send Strict-Transport-Security.")
@click.option("--metrics", is_flag=True, help="Answer /metriques (Prometheus).")
def serve(location: str, **options: Any) -> None:
    """Serve the archive to browsers; each option may stand in the environment as MARBRE_SERVE_<NAME>."""
    _serve(location, **options)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def demo(host: str, port: int) -> None:
    """Build the sample archive in a temporary place and serve it."""
    from corpus import read_articles
    from indexer import build_index

    sample = Path(__file__).parent.parent / "corpus" / "sample"
    with tempfile.TemporaryDirectory(prefix="marbre-demo-") as folder:
        location = str(Path(folder) / "index")
        report = build_index(read_articles([sample]), location)
        click.echo(f"{report.added} sample articles indexed in {report.seconds:.1f} s (fictional, see corpus/sample/README.md)")
        _serve(location, host, port)


def _serve(location: str, host: str, port: int, **options: Any) -> None:
    from web.serving import ServeOptions, serve_site

    def announce(url: str) -> None:
        click.echo(f"Marbre serves {location} at {url} (stop: Ctrl-C)")
        sys.stdout.flush()

    serve_site(ServeOptions(location=location, host=host, port=port, **options), announce)


COMMANDS = (serve, demo)
