"""Where a slider stops: from a `Range` to rising, readable numbers."""

import math
from collections.abc import Iterable

from vizkit.core.controls import Range

MOST = 60  # stops of an even slider
_MANTISSAS = ("1", "1.2", "1.5", "2", "2.5", "3", "4", "5", "6", "8")


def stops(span: Range, *also: float) -> list[float]:
    """The numbers a slider over `span` stops at: both ends, 0 where it means "off", and whatever `also` is shown."""
    between = _by_ratio(span) if span.log else _even(span)
    found = {*span.ends(), *(number for number in between if span.low < number < span.high), *also}
    return sorted(int(n) if span.whole and float(n).is_integer() else float(n) for n in found)


def strip(span: Range, count: int = 7) -> tuple[float, ...]:
    """`count` strengths that cover `span`, to two digits where that tells them apart; 0 first where it means "off"."""
    off = [0.0] if span.zero else []
    steps = count - len(off) - 1
    numbers = [*off, *(_between(span, i / steps) for i in range(steps + 1))]
    rounded = [_whole_or_not(span, float(f"{number:.2g}")) for number in numbers]
    exact = [_whole_or_not(span, number) for number in numbers]
    return tuple(dict.fromkeys(rounded if len(set(rounded)) == count else exact))


def readable(number: float, span: Range) -> str:
    """The number as a slider writes it; 0 is "off" where that is what the hint calls it."""
    if number == 0 and span.zero and not span.whole:
        return "off"
    return f"{number:,d}".replace(",", "\u2009") if isinstance(number, int) else f"{number:.6g}"


def _by_ratio(span: Range) -> Iterable[float]:
    """Halves and thirds of powers of two for whole numbers, ten numbers a decade for the others."""
    if span.whole:
        powers = range(int(math.log2(span.high)) + 1)
        return [number for k in powers for number in (2**k, 3 * 2 ** (k - 1)) if number == int(number)]
    decades = range(math.floor(math.log10(span.low)), math.ceil(math.log10(span.high)) + 1)
    return [float(f"{mantissa}e{k}") for k in decades for mantissa in _MANTISSAS]


def _even(span: Range) -> Iterable[float]:
    """Multiples of 1, 2 or 5 × 10^k, `MOST` of them at most."""
    least = max((span.high - span.low) / MOST, 1 if span.whole else 0)
    exponent = math.floor(math.log10(least))
    steps = [float(f"{m}e{k}") for k in (exponent, exponent + 1) for m in (1, 2, 5)]
    step = next(s for s in steps if s >= least)
    first, last = math.ceil(span.low / step), math.floor(span.high / step)
    return [float(f"{k * step:.10g}") for k in range(first, last + 1)]


def _between(span: Range, share: float) -> float:
    if span.log:
        return span.low * (span.high / span.low) ** share
    return span.low + (span.high - span.low) * share


def _whole_or_not(span: Range, number: float) -> float:
    return round(number) if span.whole else number
