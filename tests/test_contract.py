"""What every method in the catalogue must keep, on networks of every awkward kind."""

import inspect
from importlib.util import find_spec
from itertools import islice

import pytest
import torch

import vizkit
from tests.zoo import zoo
from vizkit.core.controls import LayerName, LayerNames, Picture, Range, Unit, controls
from vizkit.core.results import Images, tensors
from vizkit.methods import catalogue

ZOO = zoo()
GOOD = [name for name in ZOO if "nan" not in name.lower()]
METHODS = list(catalogue)
ASKING = [name for name, method in catalogue.items() if "net" in inspect.signature(method).parameters]


def arguments(method, net, **changes) -> dict:
    """The shortest sensible arguments of a method: the deepest layer, its first unit, some picture, few steps."""
    chosen = {"net": net} if "net" in inspect.signature(method).parameters else {}
    for name, control in controls(method).items():
        if isinstance(control.hint, LayerName):
            chosen[name] = vizkit.layers(net).default
        elif isinstance(control.hint, LayerNames):
            chosen[name] = (vizkit.layers(net).default,)
        elif isinstance(control.hint, Picture):
            chosen[name] = _picture(net, 1)
        elif isinstance(control.hint, Unit):
            chosen[name] = 0
        elif name == "steps":
            chosen[name] = 4
        elif name == "perplexity":
            chosen[name] = 5.0
    if "pictures" in inspect.signature(method).parameters:  # many, labeled; the world has none of 2 or 5 channels
        chosen["pictures"] = _pictures(net, 24)
    return {**chosen, **changes}


def _pictures(net, count: int) -> list:
    return [(_picture(net, number), number % 3) for number in range(count)]


def _picture(net, seed: int) -> torch.Tensor:
    return torch.rand((net.channels, *net.size), generator=torch.Generator().manual_seed(seed))


def run(method: str, net, **changes) -> vizkit.Run:
    return vizkit.run(method, **arguments(catalogue[method], net, **changes))


def traces(net) -> dict:
    """Everything of the user's module a method could leave a trace on."""
    module = net.module
    return {
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in module.modules()],
        "training": [m.training for m in module.modules()],
        "asks for gradients": [p.requires_grad for p in module.parameters()],
        "gradients": [p.grad is None for p in module.parameters()],
        "numbers": [t.clone() for t in module.state_dict().values()],
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "random state": torch.get_rng_state(),
    }


def same(a, b) -> bool:
    if torch.is_tensor(a):
        return torch.equal(a.nan_to_num(), b.nan_to_num())
    if isinstance(a, dict):
        return all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


pairs = pytest.mark.parametrize(("method", "name"), [(m, n) for m in METHODS for n in GOOD])


@pairs
def test_frames_count_up_to_the_end_and_repeat(method, name):
    first, second = list(run(method, ZOO[name])), list(run(method, ZOO[name]))
    steps = [frame.step for frame in first]
    assert steps == sorted(set(steps))
    assert steps[-1] == first[-1].of
    for a, b in zip(first, second, strict=True):
        assert same(tensors(a.result), tensors(b.result))
        assert same(dict(a.scalars), dict(b.scalars))


@pairs
def test_results_are_finite_detached_and_in_range(method, name):
    for frame in run(method, ZOO[name]):
        for value in [*tensors(frame.result).values(), *frame.scalars.values()]:
            assert not value.requires_grad
            assert value.isfinite().all()
        if isinstance(frame.result, Images):
            assert frame.result.pixels.min() >= 0
            assert frame.result.pixels.max() <= 1


@pairs
def test_no_trace_while_paused_nor_after_stopping(method, name):
    net = ZOO[name]
    before = traces(net)
    frames = iter(run(method, net))
    for _ in islice(frames, 3):
        assert same(before, traces(net)), "a paused run shows"
    frames.close()
    assert same(before, traces(net))


@pairs
def test_two_runs_interleaved_change_neither(method, name):
    alone = [tensors(frame.result) for frame in run(method, ZOO[name])]
    one, other = iter(run(method, ZOO[name])), iter(run(method, ZOO[name], seed=5))
    mixed = []
    for frame in one:
        mixed.append(tensors(frame.result))
        next(other, None)
    other.close()
    assert same(alone, mixed)


@pytest.mark.parametrize("method", ASKING)
@pytest.mark.parametrize("name", [name for name in ZOO if "nan" in name.lower()])
def test_a_network_full_of_nan_is_answered_with_a_sentence(method, name):
    with pytest.raises(FloatingPointError, match="NaN"):
        run(method, ZOO[name]).result()


@pytest.mark.parametrize("method", METHODS)
def test_both_ends_of_every_control_run(method):
    net = ZOO[GOOD[0]]
    for name, control in controls(catalogue[method]).items():
        if name == "steps" or (isinstance(control.hint, Range) and name == "size"):
            continue
        enough = {"pictures": _pictures(net, 312)} if name == "perplexity" else {}  # of 100 needs 300 neighbors
        for end in control.hint.ends():
            if end == "UMAP" and not find_spec("umap"):
                continue  # an extra
            frame = next(iter(run(method, net, **{name: end}, **enough)))
            assert frame.result is not None, f"{name}={end!r}"


@pytest.mark.parametrize("method", METHODS)
def test_a_callers_modes_do_not_change_a_run(method):
    net = ZOO[GOOD[0]]
    plain = tensors(run(method, net).result())
    with torch.no_grad():
        assert same(plain, tensors(run(method, net).result()))
    with torch.inference_mode():
        assert same(plain, tensors(run(method, net).result()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert same(plain, tensors(run(method, net).result()))


@pytest.mark.parametrize("method", METHODS)
def test_the_signature_says_everything_a_panel_needs(method):
    for name, control in controls(catalogue[method]).items():
        assert control.doc, f"{name} has no sentence under Args"
    assert inspect.isgeneratorfunction(catalogue[method])
    assert inspect.getdoc(catalogue[method])


@pytest.mark.parametrize("method", METHODS)
def test_its_recipe_is_python_that_compiles(method):
    result = run(method, ZOO[GOOD[0]]).result()
    compile(result.recipe, "recipe", "exec")
    assert method in result.recipe
