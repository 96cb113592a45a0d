"""What lies in a recording's zip: pictures (c, h, w) in [0, 1], and arrays. Each is checked before it is believed."""

import io
import math
import zipfile
import zlib

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vizkit.save.manifests import Shape

MOST_PICTURE = 2**27  # bytes of one picture file


def write_pictures(file: zipfile.ZipFile, folder: str, pictures: Tensor, coding: str) -> None:
    """Write each of `pictures` (n, c, h, w) as a file of its own; `coding` is "webp", at quality 90, or "png"."""
    for i, pixel in enumerate(pictures):
        kind = _kind(coding, len(pixel))
        file.writestr(_picture(folder, i, kind), _encoded(pixel, kind))


def read_pictures(file: zipfile.ZipFile, folder: str, shape: Shape, coding: str) -> Tensor:
    """What `write_pictures` wrote, (n, c, h, w).

    Raises:
        ValueError: a file is no picture, or not of that shape.
    """
    read = [_decoded(file, member, shape) for member in picture_members(folder, shape, coding)]
    return torch.stack(read) if read else torch.zeros(shape)


def picture_members(folder: str, shape: Shape, coding: str) -> list[str]:
    """The names of the files that hold pictures of `shape`."""
    return [_picture(folder, i, _kind(coding, shape[1])) for i in range(shape[0])]


def write_array(file: zipfile.ZipFile, member: str, values: np.ndarray) -> None:
    """Write numbers as they lie in memory, compressed."""
    file.writestr(member, np.ascontiguousarray(values).tobytes(), compress_type=zipfile.ZIP_DEFLATED)


def read_array(file: zipfile.ZipFile, member: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """What `write_array` wrote: `shape` numbers of a `kind` such as "<f4".

    Raises:
        ValueError: the file holds more or fewer.
    """
    size = math.prod(shape) * np.dtype(kind).itemsize
    found = read_bytes(file, member, size)
    if len(found) != size:
        raise ValueError(f"{member} holds {len(found)} bytes and the table of contents says {size}")
    return np.frombuffer(bytearray(found), kind).reshape(shape)


def read_bytes(file: zipfile.ZipFile, member: str, most: int) -> bytes:
    """The contents of `member`, at most `most` bytes of them, whatever its header says."""
    try:
        with file.open(member) as stream:
            found = stream.read(most + 1)
    except KeyError:
        raise ValueError(f"it holds no {member}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # RuntimeError: encrypted
        raise ValueError(f"{member} is damaged ({error})") from error
    if len(found) > most:
        raise ValueError(f"{member} is larger than {most} bytes")
    return found


def _kind(coding: str, channels: int) -> str:
    """The format of one picture: planes on top of each other outgrow what WebP holds."""
    return coding if channels in {1, 3} else "png"


def _picture(folder: str, picture: int, kind: str) -> str:
    return f"{folder}/{picture:04d}.{kind}"


def _encoded(pixel: Tensor, kind: str) -> bytes:
    """RGB as it is; any other number of channels as gray planes, one below the other."""
    values = pixel.detach().float().nan_to_num(0.0).clamp(0, 1).mul(255).round().to(torch.uint8).cpu()
    array = values.permute(1, 2, 0) if len(values) == 3 else values.flatten(0, 1)
    buffer = io.BytesIO()
    Image.fromarray(array.numpy()).save(buffer, kind, quality=90)
    return buffer.getvalue()


def _decoded(file: zipfile.ZipFile, member: str, shape: Shape) -> Tensor:
    """One picture (c, h, w) in [0, 1], its size compared with the manifest before it is unpacked."""
    _, c, h, w = shape
    size, mode = ((w, h), "RGB") if c == 3 else ((w, c * h), "L")
    data = io.BytesIO(read_bytes(file, member, MOST_PICTURE))
    try:
        with Image.open(data, formats=[member.rpartition(".")[-1]]) as image:
            if image.size != size:
                raise ValueError(f"{member} is {image.size} pixels and the table of contents says {size}")
            array = np.array(image.convert(mode))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # SyntaxError: Pillow's broken PNG
        raise ValueError(f"{member} is no picture ({error})") from error
    values = torch.from_numpy(array).float() / 255
    return values.permute(2, 0, 1) if c == 3 else values.reshape(c, h, w)
