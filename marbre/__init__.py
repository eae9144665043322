"""The ``marbre`` command: parse the arguments, call the rooms, print the answer. No logic of search lives here.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some input was rejected. An error is one line on standard error.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from typing import Any, NoReturn

import click

from corpus.errors import BadRequest, MarbreError
from marbre import archiving, asking, serving
from marbre.terminal import fail, next_step

__all__ = ["cli", "main"]


class _Commands(click.Group):
    """The commands, ending without a word when the reader of the output goes away (| head): click itself would exit 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "auto_envvar_prefix": "MARBRE"}
)
@click.version_option(package_name="marbre", prog_name="marbre")
def cli() -> None:
    """Full-text search for the francophone press: index an archive, search it, serve it."""


for _command in (*archiving.COMMANDS, *asking.COMMANDS, *serving.COMMANDS):
    cli.add_command(_command)


def main() -> NoReturn:
    """Run the command; every error is one line, never a traceback."""
    try:
        _refuse_two_whooshes()
        cli.main(prog_name="marbre", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "marbre"
        fail(f"{error.format_message().rstrip('.')}; see: {command} --help", 2)
    except click.ClickException as error:
        fail(error.format_message(), 1)
    except (click.Abort, KeyboardInterrupt):
        fail("stopped; what was committed is kept", 130)
    except BadRequest as error:
        fail(str(error), 2)
    except MarbreError as error:
        fail(str(error), 1)
    except OSError as error:
        fail(f"{error.filename or 'input/output'}: {error.strerror or error}; {next_step(error)}", 1)
    except Exception as error:
        if os.environ.get("MARBRE_DEBUG"):
            raise
        fail(
            f"unexpected {type(error).__name__}: {error}; this is a fault of Marbre: please report it with the output of MARBRE_DEBUG=1", 1
        )
    sys.exit(0)


def _refuse_two_whooshes() -> None:
    owners = {
        dist.metadata["Name"]
        for dist in importlib.metadata.distributions()
        if dist.name.lower().startswith("whoosh") and any(str(path).startswith("whoosh/") for path in dist.files or ())
    }
    if len(owners) > 1:
        fail(
            f"two distributions own the package “whoosh”: {', '.join(sorted(owners))}; keep one: pip uninstall {' '.join(sorted(owners))} && pip install whoosh3==3.54.0",
            1,
        )
