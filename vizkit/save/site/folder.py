"""The files of a site: written whole or not at all, known by what they were made of, removed when they are of nothing.

A file that is as it should be is left alone, so that a copy of the site changes where the site does.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vizkit.save.files import replacing

FORMAT, VERSION = "vizkit site", 1
MANIFEST, MADE = "manifest.json", "made.json"
_DRAFT = re.compile(r"\.[0-9a-f]{12}\.\w+")


class Folder:
    """A folder that holds one site and nothing else.

    Raises:
        FileExistsError: it holds something else.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        if self.path.exists() and not self._ours():
            raise FileExistsError(f"{str(path)!r} holds something that is no site of vizkit. Give a new folder.")
        self._written: set[str] = set()

    def write(self, name: str, data: str | bytes) -> None:
        """Make the file `name` hold `data`; nothing happens where it does."""
        path, data = self.path / name, data.encode() if isinstance(data, str) else data
        self._written.add(name)
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            draft.write_bytes(data)

    def keep(self, names: Iterable[str]) -> None:
        """Say that these files belong to the site as they are."""
        self._written.update(names)

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def holds(self, name: str, digest: str) -> bool:
        """Whether the file `name` is there and is the very one that has this digest."""
        try:
            return digest_of(self.read(name)) == digest
        except OSError:
            return False

    def sweep(self) -> None:
        """Remove what was neither written nor kept: layers no longer shown, and drafts of runs that were killed."""
        for path in sorted(self.path.rglob("*"), reverse=True):
            name = path.relative_to(self.path).as_posix()
            if path.is_dir():
                if name.startswith("layers/") and not any(path.iterdir()):
                    path.rmdir()
            elif name not in self._written and (name.startswith("layers/") or _DRAFT.fullmatch(path.name)):
                path.unlink()

    def _ours(self) -> bool:
        if not self.path.is_dir():
            return False
        if (self.path / MANIFEST).is_file():
            return f'"format": "{FORMAT}"'.encode() in (self.path / MANIFEST).read_bytes()[:100]  # damaged or not
        return all(_DRAFT.fullmatch(path.name) for path in self.path.iterdir())


class Made:
    """What the pictures of one layer were made of: records by kind and unit, kept in `made.json` of its folder.

    A record has the `key` of what it depends on, its `files` with their digests, and numbers for its page. A damaged
    table is taken for an empty one: its pictures are made again.
    """

    def __init__(self, folder: Folder, place: str):
        self._folder, self.place = folder, place
        self.records: dict[str, dict[str, Any]] = {}
        try:
            told = json.loads(folder.read(f"{place}/{MADE}"))
            self.records = {str(name): record for name, record in told.items() if _is_record(record)}
        except (OSError, ValueError, AttributeError, RecursionError):
            pass

    def good(self, name: str, key: str) -> bool:
        """Whether the record `name` is of this `key`, and its files are there and whole."""
        record = self.records.get(name)
        files = record["files"].items() if record else ()
        return record is not None and record["key"] == key and all(self._folder.holds(*file) for file in files)

    def put(self, name: str, key: str, files: Mapping[str, bytes], **told: Any) -> None:
        """Write `files` and remember them; `save` keeps that."""
        named = {f"{self.place}/{file}": data for file, data in files.items()}
        for file, data in named.items():
            self._folder.write(file, data)
        digests = {file: digest_of(data) for file, data in named.items()}
        self.records[name] = {"key": key, "files": digests, **told}

    def only(self, names: Iterable[str]) -> None:
        """Forget all records but these."""
        self.records = {name: self.records[name] for name in names}

    def save(self) -> None:
        self._folder.write(f"{self.place}/{MADE}", json.dumps(self.records, sort_keys=True, separators=(",", ":")))

    def keep(self) -> None:
        """Say that all files of the records belong to the site."""
        for record in self.records.values():
            self._folder.keep(record["files"])


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def key_of(*parts: Any) -> str:
    """12 hex digits that differ where the parts do."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _is_record(record: Any) -> bool:
    files = record.get("files") if isinstance(record, dict) else None
    return isinstance(files, dict) and isinstance(record.get("key"), str) and all(map(_is_inside, files))


def _is_inside(name: str) -> bool:
    return re.fullmatch(r"layers/[\w.-]+/[\w.-]+", name) is not None and ".." not in name.split("/")
