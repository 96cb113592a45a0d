import warnings
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vizkit.core.dials import Dial, now
from vizkit.core.frames import Frame
from vizkit.core.results import Images
from vizkit.core.runs import Run, curves


def walk(net, steps=5, *, strength=0.1, seed=0):
    """A random walk whose stride is a strength; its scalar is the mean of each of two pictures."""
    chance = torch.Generator().manual_seed(seed)
    pixels = torch.rand(2, 1, 4, 4, generator=chance)
    for step in range(1, steps + 1):
        pixels = (pixels + now(strength, step) * torch.rand(pixels.shape, generator=chance)).clamp(0, 1)
        yield Frame(step, steps, Images(pixels), {"mean": pixels.mean((1, 2, 3))})


def nothing():
    yield from ()


@dataclass
class Thing:
    origin: str = "vizkit.load('world')  # weights 0123"


def run(**arguments) -> Run:
    return Run.of(walk, Thing(), **arguments)


def pixels(of: Run) -> torch.Tensor:
    return torch.stack([frame.result.pixels for frame in of])


def test_binding_starts_nothing():
    calls = []

    def method():
        calls.append("called")
        return iter(())

    run = Run.of(method)  # not a generator function, whose body would wait for the first frame anyway
    assert calls == []
    list(run.method())
    assert calls == ["called"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"stepz": 3}, r"walk has no argument 'stepz'\. Did you mean 'steps'\?.* It takes net, steps, strength, seed"),
        ({"net": Thing()}, "walk: multiple values for argument 'net'"),
    ],
)
def test_a_wrong_argument_is_answered_with_the_nearest(words, sentence):
    with pytest.raises(TypeError, match=sentence):
        run(**words)


def test_a_missing_argument_is_named():
    with pytest.raises(TypeError, match=r"missing a required argument: 'net'\. It takes net, steps"):
        Run.of(walk)


def test_any_name_goes_to_a_method_that_takes_any():
    def anything(**words):
        yield Frame(1, 1, Images(torch.zeros(1, 1, 1, 1)), words)

    assert Run.of(anything, color=torch.tensor(1)).arguments["words"] == {"color": torch.tensor(1)}


def test_playing_again_repeats():
    twice = run()
    assert torch.equal(pixels(twice), pixels(twice))
    assert not torch.equal(pixels(twice), pixels(twice.using(seed=1)))


def test_two_plays_at_once_do_not_disturb_each_other():
    one = run()
    alone = pixels(one)
    for frame, other, expected in zip(one, one, alone, strict=True):
        assert torch.equal(frame.result.pixels, expected)
        assert torch.equal(other.result.pixels, expected)


def test_a_performance_with_a_turned_dial_repeats():
    played = run(strength=Dial(0.1), steps=9)
    seen = []
    for frame in played:
        seen.append(frame.result.pixels)
        if frame.step == 4:
            played.arguments["strength"].value = 0.01
    assert torch.equal(torch.stack(seen), pixels(played))
    assert not torch.equal(torch.stack(seen), pixels(run(strength=0.1, steps=9)))


def test_the_result_is_the_last_frames_and_knows_its_run():
    played = run()
    assert torch.equal(played.result().pixels, pixels(played)[-1])
    assert played.result().run is played
    assert all(frame.result.run is played for frame in played)


def test_an_interrupted_run_keeps_the_last_frame_with_a_warning():
    def interrupted(net):
        yield from list(walk(net))[:3]
        raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="Stopped at step 3 of 5"):
        result = Run.of(interrupted, Thing()).result()
    assert torch.equal(result.pixels, pixels(run())[2])


def test_a_run_interrupted_before_its_first_frame_has_nothing_to_keep():
    def interrupted():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        Run.of(interrupted).result()


def test_a_run_that_yields_nothing_is_an_error():
    with pytest.raises(RuntimeError, match="nothing yielded no frame"):
        Run.of(nothing).result()


def test_a_run_that_finishes_warns_of_nothing():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        run().result()
    assert not warned


def test_curves_are_the_scalars_averaged_over_pictures():
    lines = run().curves()
    assert lines.x.tolist() == [1, 2, 3, 4, 5]
    assert torch.allclose(lines.lines["mean"], pixels(run()).mean((1, 2, 3, 4)))
    assert lines.recipe == run().recipe


def test_curves_let_the_pictures_go():
    alive = []

    def watched():
        for frame in run():
            alive.append(frame)
            yield frame
            alive.clear()

    curves(watched())
    assert len(alive) == 0


def test_curves_of_no_frames_are_empty():
    assert len(curves([]).x) == 0


def test_dropping_a_run_closes_its_method():
    closed = []

    def careful():
        try:
            yield from walk(Thing())
        finally:
            closed.append(True)

    frames = iter(Run.of(careful))
    next(frames)
    frames.close()
    assert closed == [True]


def test_a_method_computes_gradients_whatever_its_caller_has_set():
    def asks():
        on = torch.is_grad_enabled() and not torch.is_inference_mode_enabled() and not torch.is_autocast_enabled("cpu")
        yield Frame(1, 1, Images(torch.full((1, 1, 1, 1), float(on))))

    for mode in (torch.no_grad(), torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16)):
        with mode:
            assert Run.of(asks).result().pixels.item() == 1


def test_the_recipe_is_python_that_makes_the_run_again():
    recipe = run(strength=Dial({0: 0.1, 3: 0.5}), seed=4).recipe
    compile(recipe, "recipe", "exec")
    assert "net = vizkit.load('world')  # weights 0123" in recipe
    assert "strength=vizkit.Dial({0: 0.1, 3: 0.5})" in recipe
    assert "seed=4" in recipe
    assert f"torch {torch.__version__}" in recipe


def replayed(recipe: str) -> dict:
    """What a recipe calls the method with: it is executed, with `vizkit.run` replaced by a recorder."""
    called = {}

    def record(*words, **named):
        called.update(named)
        return SimpleNamespace(result=lambda: None)

    stand_in = SimpleNamespace(run=record, load=lambda name: Thing(), Dial=Dial)
    code = recipe.replace("import vizkit\n", "")
    exec(compile(code, "recipe", "exec"), {"vizkit": stand_in})
    return called


VALUES = [
    *(0.1, float("inf"), "a 'quoted'\nword", None, True),
    *((3, 7), (1,), [0.5], {"a": [1, (2,)]}),
    *(np.float32(0.5), np.int64(3)),
    *(torch.float16, torch.device("cpu"), torch.tensor([1, 2]), torch.tensor([[0.1, float("inf")]])),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_recipe_gives_the_values_back(value):
    again = replayed(Run.of(walk, Thing(), strength=0.1, seed=value).recipe)["seed"]
    assert torch.equal(again, value) if torch.is_tensor(value) else again == value


def test_a_recipe_repeats_a_turned_dial():
    dial = Dial({0: 0.1, 3: 0.5})
    assert replayed(run(strength=dial).recipe)["strength"].turns == dial.turns


@pytest.mark.parametrize("value", [torch.zeros(3, 100), object(), [object()], {1: len}, "x\ny"], ids=type)
def test_what_cannot_be_spelled_is_told_in_a_comment(value):
    recipe = run(strength=value).recipe
    compile(recipe, "recipe", "exec")
    assert ("strength = ...  #" in recipe) == (not isinstance(value, str))


def test_a_method_of_ones_own_is_imported_where_that_is_possible():
    def inner():
        yield

    assert f"from {__name__} import walk" in run().recipe
    assert "inner = ...  # " in Run.of(inner).recipe
    compile(Run.of(inner).recipe, "recipe", "exec")


def test_a_run_is_told_in_one_line():
    told = repr(run(strength=torch.zeros(40), seed=3))
    assert told.startswith("<run of walk(")
    assert "strength=tensor (40,)" in told
    assert "\n" not in told


def test_a_scalar_that_only_later_frames_have_is_nan_before():
    def warming_up():
        yield Frame(1, 2, Images(torch.zeros(1, 3, 4, 4)))
        yield Frame(2, 2, Images(torch.zeros(1, 3, 4, 4)), {"kl": torch.tensor(3.0)})

    line = Run.of(warming_up).curves().lines["kl"]
    assert line.isnan().tolist() == [True, False]
    assert line[1] == 3
