"""The Triton kernels of `fused`. Importing this imports Triton."""

import triton
import triton.language as tl


@triton.jit
def repel(x, y, parts, n, shares, reach, OWN: tl.constexpr, OTHERS: tl.constexpr, FAR: tl.constexpr):
    """Add up q² dx, q² dy and q into `parts` (3, shares, n): points of block 0 against share 1 of all points."""
    share = tl.program_id(1)
    own = tl.program_id(0) * OWN + tl.arange(0, OWN)
    here = own < n
    ax = tl.load(x + own, mask=here, other=0.0)[:, None]
    ay = tl.load(y + own, mask=here, other=0.0)[:, None]
    fx = tl.zeros((OWN, OTHERS), dtype=tl.float32)
    fy = tl.zeros((OWN, OTHERS), dtype=tl.float32)
    near = tl.zeros((OWN, OTHERS), dtype=tl.float32)
    for step in range(0, reach, OTHERS):
        other = share * reach + step + tl.arange(0, OTHERS)
        bx = tl.load(x + other, mask=other < n, other=FAR)[None, :]
        by = tl.load(y + other, mask=other < n, other=FAR)[None, :]
        dx = ax - bx
        dy = ay - by
        q = 1.0 / (1.0 + dx * dx + dy * dy)
        near += q
        push = q * q
        fx += push * dx
        fy += push * dy
    place = parts + share * n + own
    tl.store(place, tl.sum(fx, 1), mask=here)
    tl.store(place + shares * n, tl.sum(fy, 1), mask=here)
    tl.store(place + 2 * shares * n, tl.sum(near, 1), mask=here)


@triton.jit
def attract(x, y, starts, index, values, force, n, WIDTH: tl.constexpr):
    """Add up p q dx and p q dy into `force` (2, n): a program for each row of P, `WIDTH` entries at a time."""
    row = tl.program_id(0)
    ax = tl.load(x + row)
    ay = tl.load(y + row)
    first = tl.load(starts + row)
    last = tl.load(starts + row + 1)
    fx = tl.zeros((WIDTH,), dtype=tl.float32)
    fy = tl.zeros((WIDTH,), dtype=tl.float32)
    for step in range(first, last, WIDTH):
        entry = step + tl.arange(0, WIDTH)
        here = entry < last
        other = tl.load(index + entry, mask=here, other=0)
        dx = ax - tl.load(x + other, mask=here, other=0.0)
        dy = ay - tl.load(y + other, mask=here, other=0.0)
        pull = tl.load(values + entry, mask=here, other=0.0) / (1.0 + dx * dx + dy * dy)
        fx += pull * dx
        fy += pull * dy
    tl.store(force + row, tl.sum(fx, 0))
    tl.store(force + n + row, tl.sum(fy, 0))
