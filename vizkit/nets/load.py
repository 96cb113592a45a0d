"""Networks by name: the bundled ones and torchvision's classifiers. Weights are read as numbers, never as code."""

import json
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from vizkit.core.words import nearest
from vizkit.nets.network import Network
from vizkit.nets.world_net import MEAN, SIZE, STD, WorldNet

BUNDLED = ("world", "world-b")

State = dict[str, Tensor]


def load(
    name: str,
    weights: str | Path | None = None,
    *,
    partial: bool = False,
    device: str | torch.device | None = None,
) -> Network:
    """A bundled network ("world", "world-b") or any torchvision classifier ("squeezenet1_1", "vit_b_16", …).

    Args:
        name: What to load.
        weights: None for the network's default weights (bundled, or torchvision's, fetched once and cached by
            torch), a file ending in `.pth`, `.pt` or `.safetensors`, or "random" for an untrained network, the
            same one each time. Global random state is not touched.
        partial: Accept a file that lacks some weights; those stay random.
        device: Where to compute; None for the fastest there is: cuda, mps or cpu.

    Size, mean and std are those of the default weights. A network whose classes are not trained has no labels.

    Raises:
        LookupError: no network has that name; the message names the nearest ones.
        FileNotFoundError: the weights are not there and cannot be fetched; the message says where to put them.
        ValueError: the file fits another network, lacks weights, or holds more than numbers.

    >>> vizkit.load("world")
    world: WorldNet for 96 × 96 pictures of 3 channels, 288,060 parameters, 12 labels, on cpu
    """
    plan = _world(name) if name in BUNDLED else _torchvision(name)
    trained = weights != "random"
    module = _seeded(lambda: plan.build(not trained))
    if trained:
        path = None if weights is None else Path(weights).expanduser()
        state = plan.fetch() if path is None else _read(path)
        trained = not _fill(module, plan.adapt(state), name, path, partial)
    words = [repr(name)] + [f"weights={str(weights)!r}"] * (weights is not None) + ["partial=True"] * partial
    return Network(
        _laid_out(module.to(device or best_device())),
        size=plan.size,
        mean=plan.mean,
        std=plan.std,
        labels=plan.labels if trained else (),
        name=name,
        made_by=f"vizkit.load({', '.join(words)})",
    )


def _laid_out(module: nn.Module) -> nn.Module:
    """`module` with its filters channels last, as pictures come: a third less time for Inception, the same numbers."""
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return module


def best_device() -> str:
    """The fastest kind of device there is: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@dataclass(frozen=True)
class _Plan:
    """How a named network is built (told whether it stays untrained), fed, and what it expects of a picture."""

    build: Callable[[bool], nn.Module]
    fetch: Callable[[], State]
    adapt: Callable[[State], State]
    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    labels: tuple[str, ...]


def _world(name: str) -> _Plan:
    path = Path(__file__).with_name("weights") / f"{name}.safetensors"
    labels = _labels(path)
    return _Plan(
        build=lambda untrained: WorldNet(classes=len(labels)),
        fetch=lambda: _read(path),
        adapt=lambda state: state,
        size=(SIZE, SIZE),
        mean=MEAN,
        std=STD,
        labels=labels,
    )


def _labels(path: Path) -> tuple[str, ...]:
    """The class names in a bundled file's metadata."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing, so this installation is incomplete. Try pip install -e . again.")
    with safe_open(path, "pt") as file:
        return tuple(json.loads((file.metadata() or {})["labels"]))


def _torchvision(name: str) -> _Plan:
    from torchvision import models  # only who asks for it pays for its import

    known = models.list_models(module=models)
    if name not in known:
        there = f"There are {', '.join(map(repr, BUNDLED))} and torchvision's {len(known)} classifiers."
        own = "For a module of your own, call vizkit.wrap."
        raise LookupError(f"No network is called {name!r}.{nearest(name, [*BUNDLED, *known])} {there} {own}")
    default = cast(Any, models.get_model_weights(name)).DEFAULT
    preset = default.transforms()
    side = preset.crop_size[0]
    return _Plan(
        build=lambda untrained: models.get_model(name, weights=None, **_options(name, side, untrained)),
        fetch=lambda: _fetch(name, default),
        adapt=_current_names,
        size=(side, side),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        labels=tuple(default.meta["categories"]),
    )


def _options(name: str, side: int, untrained: bool) -> dict[str, Any]:
    """What torchvision's builders set by themselves only when they fetch the weights."""
    if name in {"inception_v3", "googlenet"}:  # ported from TensorFlow: they normalize in their own way
        return {"transform_input": True, "aux_logits": False, "init_weights": untrained}
    return {"image_size": side} if name.startswith("vit_") else {}


def _fetch(name: str, default: Any) -> State:
    """The default weights from torch's cache, or from the net into it."""
    file = default.url.rsplit("/", 1)[-1]
    try:
        return default.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except OSError as error:
        raise FileNotFoundError(
            f"{name} needs {file}, which is not cached and could not be fetched ({error}). "
            f"Put it into {Path(torch.hub.get_dir()) / 'checkpoints'}, name a file of your own with weights=…, "
            f"take weights='random', or load 'world', which is bundled."
        ) from error
    except pickle.UnpicklingError as error:
        raise ValueError(_refused(Path(file))) from error


def _read(path: Path) -> State:
    """The tensors of a weights file, by name."""
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}. Give a .pth, .pt or .safetensors file, or 'random'.")
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, SafetensorError, EOFError) as error:
        raise ValueError(_refused(path)) from error
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise ValueError(f"{path} holds no weights by name. Save them with torch.save(model.state_dict(), …).")
    return state


def _refused(path: Path) -> str:
    again = "Save it anew with torch.save(model.state_dict(), …) or as .safetensors."
    return f"{path} is damaged or holds more than numbers, and weights are never run as code. {again}"


def _current_names(state: State) -> State:
    """Torchvision's older names as today's modules have them, without the heads that only training uses."""
    for key in list(state):
        now = re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)", r"\1\2", key)
        tensor = state.pop(key)
        if not re.match(r"(AuxLogits|aux[12])\.", key):
            state[now] = tensor  # in place, as the mapping itself carries the modules' versions
    return state


def _fill(module: nn.Module, state: State, name: str, path: Path | None, partial: bool) -> list[str]:
    """Copy `state` into `module` and return what was missing."""
    file, own = path or "its default weights", module.state_dict()
    unknown = [key for key in state if key not in own]
    if unknown:
        raise ValueError(f"{file} has {_some(unknown)}, which {name} has not. Load it where it belongs.")
    for key, tensor in state.items():
        if tensor.shape != own[key].shape:
            there, here = tuple(tensor.shape), tuple(own[key].shape)
            raise ValueError(
                f"{key!r} is {there} in {file}, but {here} in {name}. "
                "If it has other classes, build the module yourself and give it to vizkit.wrap."
            )
    missing = module.load_state_dict(state, strict=False).missing_keys
    if missing and not partial:
        raise ValueError(f"{file} lacks {_some(missing)} of {name}. With partial=True those stay random.")
    return missing


def _some(keys: list[str]) -> str:
    shown = ", ".join(repr(key) for key in keys[:3])
    return f"{shown} and {len(keys) - 3} more" if len(keys) > 3 else shown


def _seeded(build: Callable[[], nn.Module]) -> nn.Module:
    """What `build` makes with the same random numbers each time, without touching the global ones."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # not torch.manual_seed, which reaches the accelerators' too
        return build()
