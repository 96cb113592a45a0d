"""A panel: a method's settings, Run and Stop, what it makes as it grows. All of it read from the method's signature."""

import contextvars
import inspect
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import traitlets
from torch import Tensor

from vizkit.core.controls import LayerName, controls, summary
from vizkit.core.dials import Dial
from vizkit.core.follows import Follow
from vizkit.core.frames import Frame
from vizkit.core.paged import Paged
from vizkit.core.presets import preset as named_preset
from vizkit.core.presets import presets_of
from vizkit.core.results import Curves, Images, Points, Result
from vizkit.core.runs import Run
from vizkit.core.words import nearest
from vizkit.measure.honesty import judge_of
from vizkit.methods import find
from vizkit.nets.network import Network
from vizkit.play.player import Player, State
from vizkit.views.kinds import View, kind_of, shown_kind, view_for
from vizkit.views.line_chart import LineChart
from vizkit.views.live_curve import LiveCurve
from vizkit.views.live_image import LiveImage
from vizkit.views.pages import Page
from vizkit.views.remark import Remark
from vizkit.views.transport import Act, Transport
from vizkit.widgets import sentences, steering
from vizkit.widgets.ahead import QUICK, Ahead
from vizkit.widgets.closing import close_parts, close_tree
from vizkit.widgets.controls import on_top, settings
from vizkit.widgets.fold import Fold
from vizkit.widgets.following import FollowBar, follows_of, told
from vizkit.widgets.history import History
from vizkit.widgets.judging import Judging
from vizkit.widgets.panel_page import panel_page
from vizkit.widgets.preset_menu import PresetMenu
from vizkit.widgets.range_setting import DialSetting
from vizkit.widgets.setting import Setting, row, same, words
from vizkit.widgets.unit_setting import UnitSetting

WAITING = "No picture yet: the first one comes when the cells above are done."
_TELL_EVERY = 0.1  # seconds between two updates of the status line and the curve


def panel(
    method: str | Callable,
    *args: Any,
    preset: str | None = None,
    autostart: bool = True,
    referee: Network | None = None,
    **arguments: Any,
) -> "Panel":
    """A widget that plays `method`: its controls, Run and Stop, and the picture as it grows.

    It draws in the background, from the moment it is first seen on a page; nothing starts where there is no page.
    Turning a dial steers the run in flight, any other setting starts it anew.

    Args:
        method: A name from the catalogue, or any generator function that yields frames.
        args: What the method works on, usually a network first, then where its controls start. A picture that is
            not given is the first of the bundled world.
        preset: Named settings of the method to start from; arguments given beside it win.
        autostart: Whether to draw as soon as the panel is seen, or wait for Run.
        referee: A second network that the honesty meter asks; left out, the other of the two bundled ones for a
            network of their world, and none for any other.
        arguments: Either of the two by name.

    Raises:
        LookupError: the method, the preset or the layer does not exist; the message names the nearest.
        TypeError: an argument is unknown, or what the method works on is missing.

    >>> vizkit.panel("activation_maximization", net, unit=7)
    """
    found = find(method)
    values = {**(named_preset(found, preset) if preset else {}), **_by_name(found, args, arguments)}
    kinds = controls(found)
    fixed = {name: value for name, value in values.items() if name not in kinds}
    Run.of(found, **{**fixed, **dict.fromkeys(kinds)})  # a TypeError where an argument is wrong
    net = next((value for value in fixed.values() if isinstance(value, Network)), None)
    if net is None and "net" in inspect.signature(found).parameters:  # it can do without, and then has no layers
        kinds = {name: kind for name, kind in kinds.items() if not isinstance(kind.hint, LayerName)}
    started = settings(kinds, {name: _plain(value) for name, value in values.items()}, net)
    return Panel(found, fixed, started, autostart, referee)


class Panel(Paged, ipywidgets.VBox):
    """The widget that `vizkit.panel` makes.

    `controls` {name: setting} are the controls, each with a `value` to read or set; `presets` is a menu that sets
    several of them, or None; `run` is the run that they
    mean; `player` plays it; `frame` is the newest shown, `result` what it holds, `curves` the scalars so far and
    `error` what ended the run, with its traceback; `view` shows it, a grid of pictures, a map of points or a chart by
    the kind of result, and `selection` is what was chosen there; `opened` is the panel of what was continued from a
    choice, or None; `judging.meter` tells how far to trust the pictures, where the method's can be judged
    (`measure.honesty`). Where there is no page, play it in the cell:

    >>> for frame in panel.run:
    ...     panel.show(frame)
    """

    frame: Frame | None = traitlets.Any()  # pyright: ignore[reportAssignmentType]

    def __init__(
        self,
        method: Callable,
        given: Mapping[str, Any],
        settings: dict[str, Setting],
        autostart: bool = True,
        referee: Network | None = None,
    ):
        self.method, self.given, self.controls, self.autostart = method, given, settings, autostart
        self._kinds = {name: kind for name, kind in controls(method).items() if name in settings}
        self._kind = kind_of(method)
        self.view, self.following = self._new_view(self._kind), FollowBar(self._follow)
        self.curve, self.transport = LiveCurve(), Transport(self._act)
        self.remark, self.judging = Remark(), self._judging(referee)
        self.opened: Panel | None = None
        self.dressed: Callable[[Result], Result] = lambda result: result  # what the view is shown of a result
        self._first: dict[str, Any] = {}  # what the run that starts by itself is given besides
        self._below = ipywidgets.VBox().add_class("vizkit-below")
        self.presets = PresetMenu(method, settings, self._together) if presets_of(method) else None
        self.player = Player(self._frame_made, self._state_changed)
        self._ahead, self._step = Ahead(), 1  # and where the reader is going, in units
        self._lock = threading.RLock()  # guards the four below: a callback may come in any thread
        self._many = False  # whether settings change together
        self._playing: Run | None = None  # the newest that was given to the player
        self._history = History(None)
        self._told = -_TELL_EVERY  # when
        self._context = contextvars.Context()  # of the newest message from a page
        super().__init__((self._body(), self._below))
        self.add_class("vizkit-panel")
        for setting in self.controls.values():
            setting.observe(self._changed, "value")
            setting.observe(self._tell_problems, "problem")

    @property
    def run(self) -> Run:
        """The run that the settings mean, not started."""
        return self._run()

    @property
    def result(self) -> Result | None:
        """What the newest frame holds: `panel.result.save("it.png")`."""
        return self.frame.result if self.frame else None

    @property
    def picture(self) -> Any:
        """The view, by the name it has where the result is pictures."""
        return self.view

    @property
    def selection(self) -> Sequence[int]:
        """What its reader chose in the view: numbers of points, or of pictures; empty where nothing can be chosen."""
        return getattr(self.view, "selection", ())

    @property
    def curves(self) -> Curves:
        """The scalars of the frames that were shown, averaged over pictures, over the step.

        Those that take work (such as "ssim") are left out: `panel.run.curves()` has them, and plays the run again.
        """
        return self._history.curves

    @property
    def error(self) -> BaseException | None:
        """What ended the newest run as "failed"; None for every other end."""
        return self.player.error

    def play(self) -> None:
        """Play the run that the settings mean from its start, instead of what is playing; returns at once."""
        self._play(self._run())

    def stop(self) -> None:
        """Ask the run to end after the step in hand; its last frame stays."""
        self.player.stop()

    def set(self, **values: Any) -> None:
        """Set several controls together, and start anew once, not with each.

        Raises:
            LookupError: there is no such control; the message names the nearest.

        >>> panel.set(layer="stage2", unit=3)
        """
        for name in values:
            if name not in self.controls:
                known = ", ".join(self.controls)
                raise LookupError(f"There is no control {name!r}.{nearest(name, self.controls)} There are {known}.")
        new = {name: value for name, value in values.items() if not same(self.controls[name].value, value)}

        def change() -> None:
            for name, value in new.items():
                self.controls[name].value = value

        if new:
            self._together(change)

    def open_alone(self, index: int) -> None:
        """Continue picture `index` in a panel of its own below, instead of the run that made it and of another such.

        Raises:
            TypeError: the method's pictures cannot be continued alone.
            IndexError: there is no such picture.
        """
        opens = getattr(self.method, "opens", None)
        if opens is None:
            raise TypeError(f"Pictures of {self.method.__name__} cannot be continued alone.")
        if not isinstance(self.result, Images) or not 0 <= index < len(self.result):
            raise IndexError(f"There is no picture {index} to continue. Run the panel first.")
        from_here = {"result": self.result} if "result" in inspect.signature(opens).parameters else {}
        caption = self.result.captions[index] if self.result.captions else f"picture {index + 1}"
        self._open(opens(self.result.run, index, **from_here), caption)

    def follow(self, words: str) -> None:
        """Open what the button called `words` offers for the selection, in a panel of its own below.

        Raises:
            LookupError: nothing of that name is offered for what is chosen.

        >>> panel.view.selection = [3, 17, 20]
        >>> panel.follow("Top images of these")
        """
        offered = {follow.words: follow for follow in self._offered()}
        if words not in offered:
            known = ", ".join(offered) or "nothing"
            raise LookupError(f"{words!r} is not offered for {len(self.selection)} chosen, but {known} is.")
        self._follow(offered[words])

    def close_opened(self) -> None:
        """Close the panel that `open_alone` or `follow` opened."""
        parts, self._below.children, opened, self.opened = self._below.children, (), self.opened, None
        if opened is not None:
            opened.close()
            close_tree(parts[0])

    def show(self, frame: Frame) -> None:
        """Show a frame of any run; what the panel plays itself is stopped by another's.

        Raises:
            TypeError: there is no live view for this kind of result.
        """
        self._see(frame.result)
        with self._lock:
            if frame.result.run is not self._history.run:
                self.player.stop()
                self._history = History(frame.result.run)
            self._history.add(frame)
            self.frame = frame
        self.view.show(self.dressed(frame.result))  # pyright: ignore[reportArgumentType]  `_see` has put the right one there
        self._offer()
        if frame.last:
            if frame.result.run is not self._playing:  # else the player will tell
                self._end("done")
        elif time.monotonic() - self._told >= _TELL_EVERY:
            self._tell("running", sentences.running(self._history))

    def close(self) -> None:
        """Stop for good and take everything off the page."""
        self.player.close()
        self._ahead.close()
        self.close_opened()
        if self.judging:
            self.judging.close()
        close_parts(self)
        super().close()

    def _page(self, **options: Any) -> Page:
        return panel_page(self, **options)

    def __repr__(self) -> str:
        told = (f"{name}={_short(self.controls[name].value)}" for name in on_top(self._kinds))
        return f"Panel of {self.method.__name__}: {', '.join(told)}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any] | None:
        """The widget and, for readers without one, the newest result as a picture."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None or not isinstance(self.result, (Images, Points)):
            return bundle and {**bundle, "text/plain": repr(self)}
        pictures = self.result._repr_mimebundle_()
        return {**pictures, **bundle, "text/plain": f"{self!r}\n{pictures['text/plain']}"}

    def _body(self) -> ipywidgets.Box:
        """Settings beside, or where it is narrow above, what they make."""
        top = on_top(self._kinds)
        rest = {name: setting for name, setting in self.controls.items() if name not in top}
        fold = [Fold(rest, {name: self._kinds[name].default for name in rest})] if rest else []
        about = ipywidgets.Label(summary(self.method).replace("`", "")).add_class("vizkit-about")
        menu = [row(self.presets)] if self.presets else []
        seen = [self.controls[name] for name in top]
        left = ipywidgets.VBox((about, *menu, *seen, *fold)).add_class("vizkit-settings")
        meter = [self.judging.meter] if self.judging else []
        self._stage = ipywidgets.Box((self.transport, self.view, self.following, self.remark, self.curve, *meter))
        return ipywidgets.Box((left, self._stage.add_class("vizkit-stage"))).add_class("vizkit-body")

    def _new_view(self, kind: type[Result]) -> View:
        """An empty view for a kind of result, which tells when something is chosen in it."""
        alone = self.open_alone if hasattr(self.method, "opens") else None
        of_images = {"waiting": WAITING} if self.autostart else {}
        view = view_for(kind, on_open=alone, on_step=self._go if self._units else None, **of_images)
        for name in {"selection", "chosen"} & set(view.trait_names()):
            view.observe(lambda _: self._offer(), name)
        return view

    def _see(self, result: Result) -> None:
        """Put another view in place where a result is of another kind than the view's."""
        kind = shown_kind(result)
        if kind is self._kind:
            return
        before, self.view = self.view, self._new_view(kind or type(result))
        self._kind = kind or type(result)
        self._stage.children = tuple(self.view if part is before else part for part in self._stage.children)
        close_tree(before)

    # What follows from a choice

    def _offered(self) -> list[Follow]:
        follows = follows_of(self.result) if self.result else ()
        return [follow for follow in follows if follow.fits(len(self.selection))]

    def _offer(self) -> None:
        self.following.show(follows_of(self.result) if self.result else (), len(self.selection))

    def _follow(self, follow: Follow) -> None:
        numbers, result = [int(number) for number in self.selection], self.result
        if result is not None and result.run is not None and follow.fits(len(numbers)):
            self._open(follow.begin(result.run, result, numbers), told(result, numbers))

    def _open(self, run: Run, words: str) -> None:
        """Play `run` in a panel below, called `words`, instead of the run here and of another panel there."""
        self.stop()
        self.close_opened()
        self.opened = panel(run.method, **{name: value for name, value in run.arguments.items() if name != "start"})
        self.opened._first = {"start": run.arguments["start"]} if "start" in run.arguments else {}
        title = ipywidgets.Label(words).add_class("vizkit-below-title")
        close = ipywidgets.Button(description="Close", tooltip="Close this panel").add_class("vizkit-close")
        close.on_click(lambda _: self.close_opened())
        self._below.children = (row(title, close), self.opened)

    @property
    def _units(self) -> tuple[str, UnitSetting] | None:
        """The setting of units and its name; None where there are none to choose."""
        return next(((name, one) for name, one in self.controls.items() if isinstance(one, UnitSetting)), None)

    def _go(self, by: int) -> None:
        """To the next unit with 1, back with -1."""
        assert self._units is not None
        self._step = by
        self._units[1].step(by)

    def _judging(self, referee: Network | None) -> Judging | None:
        """What feeds the honesty meter; None where nobody knows how this method's pictures are judged."""
        net = next((value for value in self.given.values() if isinstance(value, Network)), None)
        if net is None or judge_of(self.method) is None or not isinstance(self.view, LiveImage):
            return None
        judging = Judging(lambda: self.result if isinstance(self.result, Images) else None, net, referee)
        traitlets.link((self.view, "selected"), (judging.meter, "selected"))
        return judging

    def _values(self) -> dict[str, Any]:
        return {name: setting.value for name, setting in self.controls.items()}

    def _run(self, **changes: Any) -> Run:
        values = {name: self._argument(name, value) for name, value in self._values().items()}
        return Run.of(self.method, **{**self.given, **values, **changes})

    def _argument(self, name: str, value: Any) -> Any:
        """A dial where a single number may be turned in flight."""
        return Dial(value) if self._kinds[name].dial and isinstance(value, (int, float)) else value

    def _play(self, run: Run) -> None:
        with self._lock:
            self._playing, self._history = run, History(run)
            if self.judging:
                self._as_answer(self.judging.clear)
            self._as_answer(self._tell_begun)
            self.player.play(self._ahead.known(run))

    def _go_on(self) -> None:
        """Play from where the last run ended, where the method can start from there, and else from the start."""
        start = _start_of(self.result)
        if "start" in inspect.signature(self.method).parameters and start is not None:
            self._play(self._run(start=start))
        else:
            self.play()

    # What the reader does. In any thread.

    def _act(self, act: Act) -> None:
        self._context = contextvars.copy_context()
        if act == "run":
            self.play()
        elif act in ("stop", "unseen"):
            self.stop()
        elif self.autostart and self.frame is None and self.player.state == "idle":
            self._play(self._run(**self._first))

    def _changed(self, change: dict) -> None:
        """Steer the run with a dial, go on from its last picture if it has ended, or start anew; latest wins."""
        with self._lock:
            if self._many:
                return
            self._forget_problems()
            if isinstance(change["new"], tuple):
                self._end_other_strips(change["owner"])
            run = self._history.run
            changes = steering.differences(run, self._values()) if run else {}
            can_turn = run is not None and steering.can_turn(run, changes)
            if run and can_turn and self._in_flight(run):
                steering.turn(run, changes)
            elif changes and (self.player.state != "idle" or self.transport.seen):  # unseen, it starts no thread
                start = self._go_on if can_turn else self.play
                start()

    def _together(self, change_all: Callable[[], None]) -> None:
        """Take many changes of settings for one: start anew once, after the last."""
        with self._lock:
            self._many = True
            try:
                change_all()
            finally:
                self._many = False
            if self.player.state != "idle" or self.transport.seen:
                self.play()

    def _in_flight(self, run: Run) -> bool:
        """Whether `run` will look at its dials again; a run that the player does not play, a cell does."""
        if run is self._playing:
            return self.player.state == "running"
        return self.frame is not None and not self.frame.last

    def _end_other_strips(self, kept: Setting) -> None:
        """One strip at a time: two would be a product of pictures."""
        for setting in self.controls.values():
            if isinstance(kept, DialSetting) and isinstance(setting, DialSetting) and setting is not kept:
                setting.strip.value = False

    def _forget_problems(self) -> None:
        for setting in self.controls.values():
            setting.problem = ""

    def _tell_problems(self, _change: dict) -> None:
        self.transport.problem = " ".join(s.problem for s in self.controls.values() if s.problem)

    # What the run does. In the player's thread, but for `_tell`.

    def _frame_made(self, frame: Frame) -> None:
        with self._lock:  # or a run begun meanwhile would be ended by this frame of the one before
            if frame.result.run is self._history.run:
                self._as_answer(self.show, frame)

    def _state_changed(self, state: State) -> None:
        with self._lock:
            if state == "running" or self._playing is not self._history.run:
                return
            if state == "done" and self._playing and steering.unheard(self._playing):
                self._go_on()
            else:
                self._as_answer(self._end, state)
                if state == "done":
                    self._look_ahead()

    def _as_answer(self, tell: Callable, *args: Any) -> None:
        """Call `tell` as if it answered the newest message from the page.

        JupyterLab sends a widget's messages to the thread that the widget last answered from; answers from a
        thread without that message in its context would move them to the main thread, where a cell may be running.
        """
        self._context.copy().run(tell, *args)

    def _look_ahead(self) -> None:
        """Have the unit ready to which the next press of the same key goes, where a unit is a matter of a moment."""
        quick = self.player.frames == 1 and self._history.seconds < QUICK
        if not (quick and self._units and self.transport.seen and isinstance(self.view, LiveImage)):
            return
        name, units = self._units
        if (after := units.after(self._step)) != units.value:  # not at an end
            self._ahead.look(self._run(**{name: after}), self._prepare)

    def _prepare(self, frame: Frame) -> None:
        """Encode what may be shown next."""
        result = self.dressed(frame.result)
        if isinstance(self.view, LiveImage) and isinstance(result, Images):
            self.view.prepare(result)

    def _end(self, state: State) -> None:
        self._tell(state, sentences.ended(state, self._history, self.error))
        if not isinstance(self.view, LineChart):  # which keeps what it shows
            self.view.keep()
        if self.judging and state == "done" and self.transport.seen and isinstance(self.result, Images):
            self.judging.judge(self.result)

    def _tell_begun(self) -> None:
        """Update the status line and the bar; the rest still belongs to the pictures, which are the last run's."""
        with self._lock:  # hold_sync of two threads at once could lose a trait
            history, self._told = self._history, time.monotonic()
            with self.transport.hold_sync():
                self.transport.state, self.transport.status = "running", sentences.running(history)
                self.transport.progress = 0.0

    def _tell(self, state: State, status: str) -> None:
        """Update the status line, the bar, the remark and the curve."""
        with self._lock:
            history, self._told = self._history, time.monotonic()
            with self.transport.hold_sync():
                self.transport.state, self.transport.status = state, status
                self.transport.progress = history.frame.step / history.frame.of if history.frame else 0.0
            self.remark.show(history.frame.said if history.frame else "", state != "running")
            self.curve.show(history.name, history.frame.of if history.frame else 1, history.table, history.captions)


def _start_of(result: Result | None) -> Tensor | None:
    """What a run can go on from: the pixels of pictures, the places of points."""
    return result.pixels if isinstance(result, Images) else result.xy if isinstance(result, Points) else None


def _by_name(method: Callable, args: tuple, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments by name; those the method does not know stay, for `Run.of` to complain about."""
    signature = inspect.signature(method)
    known = {name: value for name, value in arguments.items() if name in signature.parameters}
    try:
        return {**arguments, **signature.bind_partial(*args, **known).arguments}
    except TypeError as error:
        raise TypeError(f"{method.__name__}: {error}. It takes {', '.join(signature.parameters)}.") from None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Dial) else value


def _short(value: Any) -> str:
    return f"<{words(value)}>" if isinstance(value, Tensor) else repr(value)
