"""A comm without a page: what a component sends stays on it, and messages can be put into the component's hands."""

import contextvars

import anywidget

requester: contextvars.ContextVar[str] = contextvars.ContextVar("requester")  # in whose name something is sent


class Wire:
    """A comm that writes down what it is given: `sent` (data, buffers), and the `requester` of each in `contexts`."""

    kernel = object()

    def __init__(self, comm_id: str):
        self.comm_id = comm_id
        self.sent, self.contexts = [], []

    def send(self, data, metadata=None, buffers=()):
        self.sent.append((data, [bytes(buffer) for buffer in buffers or []]))
        self.contexts.append(requester.get(None))

    def on_msg(self, callback):
        self.receive = callback

    def close(self, *args, **kwargs):
        pass

    def messages(self, name: str) -> list[tuple[dict, list[bytes]]]:
        """The custom messages that have a `name`."""
        return [(data["content"], buffers) for data, buffers in self.sent if name in data.get("content", {})]

    def frames(self) -> list[int]:
        """The numbers of the frames sent as messages."""
        return [message["frame"] for message, _ in self.messages("frame")]

    def told(self, trait: str) -> list:
        """What went to the views for a trait; of bytes, the place of its buffer."""
        found = []
        for data, buffers in self.sent:
            paths = data.get("buffer_paths", [])
            found += [data["state"][trait]] if trait in data.get("state", {}) else []
            found += [buffers[k] for k, path in enumerate(paths) if path == [trait]]
        return found

    def states(self) -> list[dict]:
        """The traits that went to the views, an update each."""
        return [data["state"] for data, _ in self.sent if data["method"] == "update"]


def say(view: anywidget.AnyWidget, **message) -> None:
    """Hand a component on a `Wire` a message as its comm would."""
    data = {"method": "custom", "content": {"view": "left", **message}}
    view.comm.receive({"content": {"data": data}, "buffers": []})
