"""`vizkit doctor`: what this installation has, what it lacks, and what to type about it. One finding a line."""

import argparse
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

OPTIONAL = {"jupyterlab": "vizkit lab", "ipykernel": "notebooks", "playwright": "the browser tests"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Finding:
    """One line: `level` is "ok", "warn" (something works less well) or "missing" (vizkit does not work)."""

    level: str
    what: str

    def __str__(self) -> str:
        return f"{self.level:<8}{self.what}"


def main(words: Sequence[str]) -> int:
    argparse.ArgumentParser("vizkit doctor", description="Check this installation.").parse_args(words)
    found = list(findings())
    sys.stdout.writelines(f"{finding}\n" for finding in found)
    return int(any(finding.level == "missing" for finding in found))


def findings() -> Iterator[Finding]:
    """Every check, in the order of the layers below vizkit."""
    yield python(sys.version_info[:2])
    yield from packages(installed)
    if (kernel := installed("ipykernel")) is not None:
        yield kernel_caveat(kernel)
    yield device()
    yield bundled(Path(__file__).parents[1] / "nets" / "weights")
    yield weights()
    yield browser()


def python(version: tuple[int, ...]) -> Finding:
    level = "ok" if version >= (3, 10) else "missing"
    return Finding(level, f"Python {platform.python_version()} (3.10 or newer is needed)")


def packages(version_of: Callable[[str], str | None]) -> Iterator[Finding]:
    """The packages vizkit declares, against the versions it declares."""
    declared = requirements()
    if not declared:
        yield Finding("warn", 'vizkit is not installed, only on the path. Type: pip install -e ".[lab]"')
    for name, (least, optional) in declared.items():
        if optional and name not in OPTIONAL:
            continue
        yield package(name, version_of(name), least, OPTIONAL.get(name) if optional else None)


def package(name: str, version: str | None, least: str, used_for: str | None) -> Finding:
    """One package; `used_for` says what an optional one is for."""
    level = "warn" if used_for else "missing"
    purpose = f" for {used_for}" if used_for else ""
    if version is None:
        return Finding(level, f"{name} is not installed; {least} or newer is needed{purpose}")
    if numbers(version) < numbers(least):
        return Finding(level, f"{name} {version} is too old; {least} or newer is needed{purpose}")
    return Finding("ok", f"{name} {version}")


def kernel_caveat(version: str) -> Finding:
    """What is known of a version of ipykernel, which carries every slider and picture."""
    if numbers(version) >= (7, 1):
        return Finding("ok", f"ipykernel {version} answers Stop while a cell runs")
    if numbers(version) >= (7,):
        return Finding("warn", f"ipykernel {version} drops pictures sent by a worker. Type: pip install -U ipykernel")
    return Finding("warn", f"ipykernel {version} hears Stop only between cells. Type: pip install -U ipykernel")


def device() -> Finding:
    import torch

    from vizkit.commands.networks import best_device

    kind = best_device()
    if kind == "cuda":
        return Finding("ok", f"device cuda: {torch.cuda.get_device_name()}")
    threads = f", {torch.get_num_threads()} threads" if kind == "cpu" else ""
    return Finding("ok", f"device {kind}{threads}")


def bundled(folder: Path) -> Finding:
    """The networks that come with vizkit."""
    names = sorted(path.stem for path in folder.glob("*.safetensors"))
    if "world" not in names:
        return Finding("missing", f"no bundled network in {folder}. Install again: pip install -e .")
    return Finding("ok", f"bundled networks: {', '.join(names)}")


def weights() -> Finding:
    """The folder torch keeps downloaded weights in."""
    import torch

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    files = [path for path in folder.glob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    return Finding("ok", f"downloaded weights: {len(files)} files, {size:.0f} MB, in {folder}")


def browser() -> Finding:
    """The Chromium that the browser tests drive."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        return Finding("warn", "no Chromium on the path: the browser tests are skipped. Install the package chromium")
    return Finding("ok", f"Chromium for the browser tests: {found}")


def requirements() -> dict[str, tuple[str, bool]]:
    """What vizkit declares: `{package: (least version, whether it belongs to an extra)}`."""
    declared = {}
    for line in _declared():
        if (match := re.match(r"([\w.-]+)\s*>=\s*([\d.]+)", line)) is not None:
            declared[match[1]] = (match[2], "extra" in line)
    return declared


def installed(name: str) -> str | None:
    """The version of a package that is there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def numbers(version: str) -> tuple[int, ...]:
    """The numbers a version begins with: "2.15.0+cu132" is (2, 15, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def _declared() -> list[str]:
    try:
        return metadata.requires("vizkit") or []
    except metadata.PackageNotFoundError:
        return []
