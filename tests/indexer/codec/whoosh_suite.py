"""Does Whoosh's own test suite pass with our codec as its default?  python tests/indexer/codec/whoosh_suite.py [WORK_FOLDER]

Fetches the source distribution of the pinned Whoosh with pip (its licence travels with it; nothing is copied into this
repository), runs its tests twice, with its own codec and with ours, and compares the tests that fail. A test may fail with
ours alone only if ``whoosh_suite_exceptions.txt`` names it with a reason; a name there that passes is reported too. With either codec
may fail only what needs the folders ``examples``, ``scripts`` and ``demo`` of Whoosh's repository, which its source distribution leaves out.
Exit status: 0 as expected, 1 otherwise.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

WHOOSH = "whoosh3==3.54.0"
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
EXCEPTIONS = HERE / "whoosh_suite_exceptions.txt"
TIME_LIMIT_S = 1200
NEED_THE_REPOSITORY = ("tests/test_example", "tests/test_bump_version_script.py", "tests/test_site_version_sync.py")

# Also runs in the processes that the suite itself starts.
SITECUSTOMIZE = """\
import whoosh.codec
from indexer.codec.whoosh_codec import MarbreCodec
whoosh.codec.default_codec = lambda *args, **kwargs: MarbreCodec()
"""
# A start-up module that fails is passed over by Python; this one, a plugin of pytest, is not.
CHECK = """\
import whoosh.codec
assert type(whoosh.codec.default_codec()).__name__ == "MarbreCodec", "our codec is not the default: see the errors of sitecustomize"
"""


def fetch(folder: Path) -> Path:
    """Download and unpack the source distribution; return the folder of its tests' parent."""
    found = sorted(folder.glob("whoosh*/tests"))
    if not found:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps", "--dest", str(folder), WHOOSH],
            check=True,
        )
        archive = next(folder.glob("whoosh*.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        found = sorted(folder.glob("whoosh*/tests"))
    return found[0].parent


def failures(source: Path, python_path: list[Path]) -> tuple[set[str], str]:
    """Run the suite; return the tests that fail or cannot start, and pytest's last line."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, python_path)))
    plugins = ["-p", "default_codec_check"] if python_path else []
    command = [sys.executable, "-m", "pytest", "tests", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore", *plugins]
    run = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    if run.returncode not in (0, 1):
        raise SystemExit(f"the suite could not be run: {run.stdout[-2000:]}{run.stderr[-2000:]}")
    named = re.findall(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.MULTILINE)
    return set(named), run.stdout.strip().rsplit("\n", 1)[-1]


def expected_failures() -> dict[str, str]:
    """Return {test: reason} of the exceptions file."""
    rows = [line.partition("#") for line in EXCEPTIONS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name.strip(): reason.strip() for name, _, reason in rows}


def main(folder: Path) -> int:
    """Compare both runs and print the differences."""
    source = fetch(folder)
    plugin = folder / "default_codec"
    plugin.mkdir(exist_ok=True)
    (plugin / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    (plugin / "default_codec_check.py").write_text(CHECK, encoding="utf-8")
    theirs, their_line = failures(source, [])
    ours, our_line = failures(source, [plugin, REPOSITORY])
    expected = expected_failures()
    print(f"with its own codec: {their_line}\nwith our codec:     {our_line}")
    left_out = {name for name in ours & theirs if name.startswith(NEED_THE_REPOSITORY)}
    print(f"{len(left_out)} of these fail with either codec: they run examples, scripts or pages that the source distribution leaves out")
    unexplained = sorted((ours & theirs) - left_out)
    for name in unexplained:
        print(f"FAILS with either codec: {name}")
    unexpected = sorted(ours - theirs - set(expected))
    for name in unexpected:
        print(f"FAILS with our codec only: {name}")
    for name in sorted(set(expected) - ours):
        print(f"passes, but is listed as an exception: {name}")
    for name in sorted(set(expected) & ours):
        print(f"excepted: {name}: {expected[name]}")
    return 1 if unexpected or unexplained or set(expected) - ours or not all(expected.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]).resolve()))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(Path(temporary)))
