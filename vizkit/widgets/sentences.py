"""How a run is going, in words: the panel's status line."""

from vizkit.widgets.history import History


def running(history: History) -> str:
    """`step 120 of 256 · objective 7.3 · 14 steps/s`"""
    if history.frame is None:
        return "starting …"
    return _joined(f"step {history.frame.step} of {history.frame.of}", _value(history), _rate(history.rate))


def ended(state: str, history: History, error: BaseException | None = None) -> str:
    """`done in 8.2 s · objective 7.3`, `stopped at step 57 of 256 · objective 5.1` or `failed: …`"""
    if state == "failed" and error is not None:
        return f"failed: {_sentence(error)}"
    if state == "done":
        return _joined(f"done in {_time(history.seconds)}", _value(history))
    if history.frame is None:
        return "stopped before the first step"
    return _joined(f"stopped at step {history.frame.step} of {history.frame.of}", _value(history))


def _sentence(error: BaseException) -> str:
    """The message, with the kind of error in front where it is no sentence."""
    told = " ".join(str(error.args[0]).split()) if error.args else ""
    return told if " " in told else f"{type(error).__name__} {told}".strip()


def _time(seconds: float) -> str:
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0f} steps/s" if rate >= 9.95 else f"{rate:.1f} steps/s"


def _value(history: History) -> str:
    return "" if history.value is None else f"{history.name} {history.value:.3g}"


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))
