"""The Triton kernels, interpreted on the CPU in a process of their own, and on CUDA where there is one."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from vizkit.embed import descent, exact, fused, interpolated
from vizkit.embed.affinities import Graph

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton comes with torch on Linux alone")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")

INTERPRETED = """
import torch
from vizkit.embed import exact, fused
from vizkit.embed.affinities import Graph

assert fused.runs_on(torch.device("cpu"))
chance = torch.Generator().manual_seed(0)
for n in (2, 65, 300):  # fewer than a block, one more, and several shares
    p = Graph.of(torch.randn(n, 5, generator=chance), 50).at(50)
    for spread in (1e-4, 1.0, 40.0):
        xy = torch.randn(n, 2, generator=chance) * spread
        found, truth = fused.repulsion(xy), exact.repulsion(xy.double())
        assert (found.force - truth.force).norm() <= 1e-5 * truth.force.norm()
        assert abs(found.total - truth.total) < 1e-6 * (truth.total + n)  # each point met itself, in float32
        pulled, wanted = fused.attraction(p.to("cpu", torch.float32), xy), exact.attraction(p, xy.double())
        assert (pulled - wanted).norm() <= 1e-5 * wanted.norm()
    again = fused.repulsion(xy)
    assert torch.equal(again.force, found.force) and torch.equal(again.total, found.total)
print("as exact")
"""


@needs_triton
def test_the_kernels_sum_to_the_exact_forces_in_the_interpreter():
    interpreted = os.environ | {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", INTERPRETED], env=interpreted, capture_output=True, text=True)
    assert done.stdout.strip() == "as exact", done.stderr


COMPILED = """
from triton import compile
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from vizkit.embed import fused, fused_kernels

points = {"x": "*fp32", "y": "*fp32"}
rows = {"starts": "*i64", "index": "*i64", "values": "*fp32", "force": "*fp32", "n": "i32"}
for name, types, constants in [
    ("repel", points | {"parts": "*fp32", "n": "i32", "shares": "i32", "reach": "i32"},
     {"OWN": fused.OWN, "OTHERS": fused.OTHERS, "FAR": fused.FAR}),
    ("attract", points | rows, {"WIDTH": fused.ENTRIES}),
]:
    source = ASTSource(getattr(fused_kernels, name), types | dict.fromkeys(constants, "constexpr"), constants)
    print(name, len(compile(source, target=GPUTarget("cuda", 90, 32), options=fused.WARPS[name]).asm["cubin"]) > 0)
"""


@needs_triton
def test_the_kernels_compile_for_a_gpu_that_is_not_there(tmp_path):
    caching = os.environ | {"TRITON_CACHE_DIR": str(tmp_path)}
    caching.pop("TRITON_INTERPRET", None)
    strict = [sys.executable, "-W", "error::UserWarning", "-c", COMPILED]
    done = subprocess.run(strict, env=caching, capture_output=True, text=True)
    assert done.stdout.split() == ["repel", "True", "attract", "True"], done.stderr


def test_on_a_cpu_without_the_interpreter_the_kernels_stay_out(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    assert not fused.runs_on(torch.device("cpu"))


def test_where_nothing_is_fused_triton_is_not_imported():
    descent.forces("exact", 100, torch.device("cpu"))
    assert "vizkit.embed.fused_kernels" not in sys.modules


def scene(n=5000):
    chance = torch.Generator().manual_seed(0)
    x = torch.randn(n, 10, generator=chance) + 3 * torch.randint(0, 4, (n, 1), generator=chance)
    return x, torch.randn(n, 2, generator=chance) * 20


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_the_kernels_sum_to_the_exact_forces():
    x, xy = scene()
    p, truth = Graph.of(x, 20).at(20), exact.repulsion(xy.double())
    assert fused.runs_on(torch.device("cuda"))
    found = fused.repulsion(xy.cuda())
    assert float((found.force.cpu() - truth.force).norm() / truth.force.norm()) < 1e-5
    assert abs(float(found.total) / float(truth.total) - 1) < 1e-6
    pulled, wanted = fused.attraction(p.to("cuda", torch.float32), xy.cuda()), exact.attraction(p, xy.double())
    assert float((pulled.cpu() - wanted).norm() / wanted.norm()) < 1e-5


@pytest.mark.gpu
@needs_cuda
def test_on_cuda_neighbors_affinities_and_both_engines_agree_with_the_cpu():
    x, xy = scene()
    here, there = Graph.of(x, 20), Graph.of(x.cuda(), 20)
    assert torch.equal(here.neighbours.ids, there.neighbours.ids.cpu())
    torch.testing.assert_close(here.at(20).values, there.at(20).values.cpu())
    truth = exact.repulsion(xy.double()).force
    for repulsion in (exact.repulsion, interpolated.repulsion):
        assert float((repulsion(xy.cuda()).force.cpu() - truth).norm() / truth.norm()) < 0.005


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("engine", ["exact", "fft"])
def test_on_cuda_a_descent_repeats_its_bits_and_ends_as_low_as_on_the_cpu(engine):
    x, _ = scene(2000)
    p, start = Graph.of(x, 20).at(20), descent.start(x)
    one, other, here = (
        list(descent.descend(p, at, steps=300, early=100, every=100, engine=engine))[-1]
        for at in (start.cuda(), start.cuda(), start)
    )
    assert torch.equal(one.xy, other.xy)
    assert abs(float(one.kl()) - float(here.kl())) < 0.02
