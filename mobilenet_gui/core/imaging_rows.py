"""Which photos are read row by row instead of by Pillow, and the words for those that cannot be."""

from __future__ import annotations

from typing import IO

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging_bands import RowSource
from mobilenet_gui.core.imaging_formats import not_read
from mobilenet_gui.core.imaging_tiff_layout import TiffError, pillow_reads, read_layout
from mobilenet_gui.core.photo_files import os_reason
from mobilenet_gui.i18n import tr


def row_source(stream: IO[bytes], kind: str, length: int, subject: str) -> RowSource | None:
    """Return what reads a photo of a kind that Pillow does not read, or not rightly; None where Pillow does.

    The readers are imported when one is needed: a start with a JPEG pays for none.
    """
    try:
        if kind == "TIFF":
            layout = read_layout(stream, length)
            if layout.is_raw:
                raise PhotoError(subject, tr("Camera raw files are not supported. Export the photo as JPEG or TIFF."))
            if pillow_reads(layout):
                return None
            from mobilenet_gui.core.imaging_tiff import TiffRows

            return TiffRows(stream, length, layout)
        if kind == "BMP":
            from mobilenet_gui.core import imaging_bmp as bmp

            if _bmp_packing(stream) in {bmp.BIT_FIELDS, bmp.ALPHA_BIT_FIELDS}:
                return bmp.BmpRows(stream, length)
    except TiffError as error:
        raise PhotoError(subject, _tiff_reason(error)) from error
    except EOFError as error:
        raise PhotoError(subject, tr("The file is cut short.")) from error
    except ValueError:  # Pillow says what is wrong with it
        return None
    except OSError as error:
        raise PhotoError(subject, os_reason(error)) from error
    return None


def _bmp_packing(stream: IO[bytes]) -> int:
    stream.seek(14)
    head = stream.read(20)
    return int.from_bytes(head[16:20], "little") if head[:4] >= b"\x28\0\0\0" and len(head) == 20 else 0


def row_failure(error: Exception) -> str:
    """Say in plain words why a photo that is read row by row could not be unpacked."""
    if isinstance(error, TiffError):
        return _tiff_reason(error)
    if isinstance(error, MemoryError):
        return tr("There is not enough memory to open it.")
    if isinstance(error, EOFError):
        return tr("The file is cut short.")
    return tr("The file is damaged.")


def _tiff_reason(error: TiffError) -> str:
    if error.cut:
        return tr("The file is cut short.")
    if error.kind == "huge":
        return tr("The file is built to keep the computer busy.")
    return not_read(f"TIFF, {error.kind}") if error.kind else tr("The file is damaged.")
