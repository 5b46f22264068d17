"""Pictures into files: a film that any player opens, and one sheet with moments of it.

What is in the pictures is the business of whoever calls this.
"""

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from vbot_sim.rendering import Image, RenderError

CODECS = ("libx264", "mpeg4")
"""H.264 where the encoder was built with it, else an older one that players know too."""
MARGIN = 4
_INK, _PAPER = (250, 250, 250), (24, 26, 28)


def write_film(path: Path, images: Iterable[Image], fps: float) -> int:
    """Write images of one size (even numbers of pixels) as an mp4 film; the file appears when it is whole.

    Returns:
        The number of images.

    Raises:
        RenderError: the encoder is missing, or there was no image.
        OSError: the file could not be written.
    """
    try:
        import av
    except ImportError:
        raise RenderError("Films need the package av; install it with pip install 'vbot-tui[render]'.") from None
    hidden = path.with_name(f".{path.name}.tmp")
    count = 0
    try:
        with av.open(str(hidden), "w", format="mp4", options={"movflags": "faststart"}) as file:
            stream: Any = None
            for image in images:
                stream = stream or _stream(file, image, fps)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                file.mux(stream.encode(frame))
                count += 1
            if stream is None:
                raise RenderError("There is nothing to show: the episode has no step.")
            file.mux(stream.encode())
        os.replace(hidden, path)
    finally:
        hidden.unlink(missing_ok=True)
    return count


def _stream(file: Any, image: Image, fps: float) -> Any:  # noqa: ANN401 (av's containers are untyped here)
    import av

    known = [name for name in CODECS if name in av.codecs_available]
    if not known:
        raise RenderError(f"The package av has none of the encoders {', '.join(CODECS)}; install another build of it.")
    stream = file.add_stream(known[0], rate=Fraction(fps).limit_denominator(1000))
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    if known[0] == "libx264":
        stream.options = {"crf": "23", "preset": "veryfast"}
    return stream


def labelled(image: Image, lines: Sequence[str]) -> Image:
    """The image with lines of text in its upper left corner."""
    import numpy as np
    from PIL import Image as Pictures
    from PIL import ImageDraw, ImageFont

    picture = Pictures.fromarray(image)
    draw = ImageDraw.Draw(picture)
    size = max(10, image.shape[0] // 26)
    font = ImageFont.load_default(size)
    for k, line in enumerate(lines):
        at = (size // 2, size // 2 + k * round(1.3 * size))
        draw.text((at[0] + 1, at[1] + 1), line, fill=_PAPER, font=font)
        draw.text(at, line, fill=_INK, font=font)
    written: Image = np.asarray(picture)
    return written


def write_sheet(path: Path, images: Sequence[Image], columns: int) -> None:
    """Write images of one size side by side as a PNG; the file appears when it is whole."""
    from PIL import Image as Pictures

    height, width = images[0].shape[:2]
    rows = -(-len(images) // columns)
    size = (columns * (width + MARGIN) + MARGIN, rows * (height + MARGIN) + MARGIN)
    sheet = Pictures.new("RGB", size, _PAPER)
    for k, image in enumerate(images):
        row, column = divmod(k, columns)
        sheet.paste(Pictures.fromarray(image), (MARGIN + column * (width + MARGIN), MARGIN + row * (height + MARGIN)))
    hidden = path.with_name(f".{path.name}.tmp")
    try:
        sheet.save(hidden, format="PNG")
        os.replace(hidden, path)
    finally:
        hidden.unlink(missing_ok=True)
