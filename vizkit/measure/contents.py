"""The table of contents of an index: what was read, of which network and pictures. JSON in and out.

Nothing in it is trusted: an index comes by mail or from a shared folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from vizkit.measure.embeddings import POOLINGS
from vizkit.measure.plan import PRECISIONS, Plan
from vizkit.measure.sites import Site
from vizkit.measure.top import MOST
from vizkit.nets.describe import Layer
from vizkit.nets.receptive_field import Axis, Field

FORMAT, VERSION = "vizkit index", 1
MOST_LAYERS = 100_000
MOST_UNITS = 2**24  # of a layer
MOST_SIDE = 2**20  # of a map or a picture
MOST_PERIOD = 2**16  # of a field


@dataclass(frozen=True)
class Contents:
    """The plan of a scan, the network and the pictures it was made of, and whether it is complete.

    `weights` and `pictures_hash` are 12 hex digits; `pictures` is a collection's description; `edits` are the layers
    in which the network was edited. `aliases` are other names of the layers' very tensors.
    """

    plan: Plan
    net: str
    weights: str
    edits: tuple[str, ...]
    pictures: Mapping[str, Any]
    pictures_hash: str
    label_names: tuple[str, ...]
    aliases: Mapping[str, str]
    recipe: str
    complete: bool = False

    def finished(self) -> "Contents":
        return replace(self, complete=True)

    def to_json(self) -> str:
        told = {"format": FORMAT, "version": VERSION, **vars(self), "plan": _plan_told(self.plan)}
        return json.dumps(told)  # names of files may have bytes that are no UTF-8

    @classmethod
    def from_json(cls, text: str) -> "Contents":
        """Read and check a table of contents.

        Raises:
            ValueError: it is not one that this vizkit reads; the message says what is wrong.
        """
        told = json.loads(text)
        _require(isinstance(told, dict) and told.get("format") == FORMAT, "it is no vizkit index")
        version = told.get("version")
        wanted = f"it has format {version!r} and this vizkit reads {VERSION}; update with pip install -U vizkit"
        _require(version == VERSION, wanted)
        try:
            return cls(
                plan=_plan(told["plan"]),
                net=_text(told["net"]),
                weights=_text(told["weights"]),
                edits=_texts(told["edits"]),
                pictures=_description(told["pictures"]),
                pictures_hash=_text(told["pictures_hash"]),
                label_names=_texts(told["label_names"]),
                aliases={_text(alias): _text(name) for alias, name in told["aliases"].items()},
                recipe=_text(told["recipe"]),
                complete=_flag(told["complete"]),
            )
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"its table of contents is damaged ({type(error).__name__}: {error})") from error


def names_from_json(text: str, count: int) -> tuple[str, ...]:
    """The names of an index's pictures, none of which leads out of their folder."""
    names = _texts(json.loads(text))
    _require(len(names) == count, f"it names {len(names)} pictures and was made of {count}")
    for name in names:
        path = PurePosixPath(name)
        inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in name
        _require(
            inside and ":" not in path.parts[0] and "\0" not in name, f"its picture {name!r} lies outside of its folder"
        )
    return names


def _plan_told(plan: Plan) -> dict[str, Any]:
    told = {key: getattr(plan, key) for key in Plan.__dataclass_fields__}
    return {**told, "layers": list(map(_layer_told, plan.layers)), "sites": list(map(_site_told, plan.sites))}


def _layer_told(layer: Layer) -> dict[str, Any]:
    return {**vars(layer), "field": _field_told(layer.field)}


def _site_told(site: Site) -> dict[str, Any]:
    return {**vars(site), "field": _field_told(site.field)}


def _field_told(field: Field | None) -> Any:
    return None if field is None else [[axis.advance, axis.first, axis.last] for axis in (field.y, field.x)]


def _plan(told: dict) -> Plan:
    layers = tuple(map(_layer, told["layers"]))
    _require(0 < len(layers) <= MOST_LAYERS, f"it tells of {len(layers)} layers")
    _require(len({layer.name for layer in layers}) == len(layers), "two of its layers have one name")
    count = _count(told["count"], MOST - 1)
    made = Plan(
        layers=layers,
        sites=tuple(map(_site, told["sites"])),
        count=count,
        k=_count(told["k"], count),
        spread=_count(told["spread"], count),
        samples=tuple(_count(n, MOST_SIDE**2, 0) for n in told["samples"]),
        pooled=tuple(_one_of(word, ("", *POOLINGS)) for word in told["pooled"]),
        together=tuple(map(_flag, told["together"])),
        precision=_one_of(told["precision"], PRECISIONS),
        batch=_count(told["batch"], MOST),
        shard=_count(told["shard"], MOST),
    )
    for each in (made.sites, made.samples, made.pooled, made.together):
        _require(len(each) == len(layers), "its layers and what is told of them do not match")
    return made


def _layer(told: dict) -> Layer:
    shape = tuple(_count(side, max(MOST_UNITS, MOST_SIDE)) for side in told["shape"])
    channels = _count(told["channels"], MOST_UNITS)
    _require(bool(shape) and channels == (shape[-1] if len(shape) == 2 else shape[0]), f"a layer of {shape} is none")
    return Layer(
        name=_text(told["name"]),
        kind=_text(told["kind"]),
        shape=shape,
        channels=channels,
        stride=None if told["stride"] is None else _pair(told["stride"]),
        field=_field(told["field"]),
        parameters=_count(told["parameters"], 2**62, 0),
        stage=_text(told["stage"]),
        overwritten_by=None if told["overwritten_by"] is None else _text(told["overwritten_by"]),
        same_as=None if told["same_as"] is None else _text(told["same_as"]),
        channels_last=_flag(told.get("channels_last", False)),
    )


def _site(told: dict) -> Site:
    h, w = (_count(side, MOST_SIDE) for side in told["size"])
    return Site((h, w), _field(told["field"]), _count(told["columns"], MOST_SIDE), _count(told["extra"], MOST_SIDE, 0))


def _field(told: list | None) -> Field | None:
    if told is None:
        return None
    y, x = map(_axis, told)
    return Field(y, x)


def _axis(told: list) -> Axis:
    advance, first, last = told
    _require(0 < len(first) == len(last) <= MOST_PERIOD, "a field is damaged")
    ends = [tuple(_count(n, MOST_SIDE, -MOST_SIDE) for n in end) for end in (first, last)]
    return Axis(_count(advance, MOST_SIDE), *ends)


def _description(told: dict) -> dict[str, Any]:
    _require(isinstance(told, dict), "it does not tell of its pictures")
    _one_of(told["kind"], ("folder", "files", "array", "items", "world", "subset", "crops"))
    return told


def _pair(told: list) -> tuple[float, float]:
    a, b = told
    _require(all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in told), f"{told!r} is no stride")
    return a, b


def _count(told: Any, most: int, least: int = 1) -> int:
    good = isinstance(told, int) and not isinstance(told, bool) and least <= told <= most
    _require(good, f"{told!r} is no number from {least} to {most}")
    return told


def _flag(told: Any) -> bool:
    _require(isinstance(told, bool), f"{told!r} is neither true nor false")
    return told


def _text(told: Any) -> str:
    _require(isinstance(told, str), f"{told!r} is no text")
    return told


def _texts(told: Any) -> tuple[str, ...]:
    _require(isinstance(told, list), f"{told!r} is no list")
    return tuple(map(_text, told))


def _one_of(told: Any, known: Sequence[str]) -> str:
    _require(isinstance(told, str) and told in known, f"{told!r} is none of {', '.join(map(repr, known))}")
    return told


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
