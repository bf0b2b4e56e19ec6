"""Owns one small photo of each format besides JPEG and PNG: the smoke test cannot draw these for itself.

Each is loaded by a module of its own, by a name in a table, which a freezer does not see. The HEIC photo is
`tests/heic_sample.py`'s, the others were saved by Pillow; compressed with zlib.
"""

from __future__ import annotations

import base64
import zlib
from pathlib import Path


def write_small_photos(folder: Path) -> list[Path]:
    """Write the photos into a folder, 64 pixels each way, named after their formats; return where they lie."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, packed in _PACKED.items():
        path = folder / f"photo.{suffix}"
        path.write_bytes(zlib.decompress(base64.b64decode(packed)))
        written.append(path)
    return written


_PACKED = {
    "heic": (
        "eNrt0L1OwzAQAGBfIzpREP9BQggEYqZ7hwj6ADwCkZsQS0njhgjB5i4sSPwNnRgKIwMsPAALj8HGA2TsQCmXHxj6CnefYvnsO19k"
        "CyFsP73QgaekQJHym2UM+5GXuqK0HXTCpIqFVjIVU+a0SqMiAhybKoyLdu18DeUuHOG/FjDeUarr/9eu4MKrVavgTDbz8E3pROM8"
        "UFrGOJ9g4hDgGMPb4mQrE9/j0UiIeWuIB9ccmIXJJC+w8gor/1rZ7iPmNg4AphLDrf7M+OvjM3OesKDehveeWcSuy+pUe9WNnGos"
        "yThMujI8x8qGqBvcWlU6+nsZvJ7Vr2Fbez3quPgudmMPXi/NNWOMLEXcM3FXpscYI+uGuJi4O+Myxsi6J84jbmAeGGNkaeJeiPsx"
        "vw53Wcw="
    ),
    "avif": (
        "eNpjYGBQSCupLEgsy0xjAAIQnZuZZpibmZjm62joBBR6nZtaksgAAYoZKTlFUDZDQWZyCQMa4CvILMkFsxiBWC4zJz8ZxHEB8Rkh"
        "oozCQHomEGtkZualwdVKATmpTFBeYpmBoXN+Tj7YrqzMgqICIO2dWZCcD6RFMosLUqH2OUCxQEFmRSZIgJmDgwNI8SSWGTo3MvCA"
        "hIST83OK8pJzKoAm8zKwNQCFxDMLcmF+AjqMhZGpmQXIXJibklgixMDFKSFa/3cRkxQvh1Eno9vGhw8rinkMDixgTbit1tt81Xry"
        "KqnHt5dx6X+3sU0WZUp6sjoi08igKrb56oerxx4uZzFeOSkj/513g6qzgNbqKff/HnOdtjjvk86Lqa9kl8a72hate2RsFvGNg/VB"
        "4S7BZeem9Ku/eMRzQ6Dk7Zn/lbavzt+ZHvyLTXNy6Gwzl3xri6D/UqkTVwhOOecqYAYA9dN0Fw=="
    ),
    "webp": (
        "eNoBfgGB/lJJRkZ2AQAAV0VCUFZQOCBqAQAA0AkAnQEqQABAAD7dYJ9NqKYiojf2qgEQG4lqAMX8mIw3w9/Wwr9QG2A56P0l/6UY"
        "EkGot5y1FDrzwSBdhcbjHNNg4ZPigiWxS7ehU0u2wqzs6mogSSaAAP7uvZ//mCfWPwR37afejk7U4o+xIDBgve6eRpf9xRHdgUAR"
        "ZC0JLVnEXe94YfeWk9Esc1QHlzyhTqCY25b3yEW7jLr0dPNNzgKWazAD4RcVMlbX7LCYLg8R7MT626fns+f7kZaORYQLBgVp9SNJ"
        "+oeBO26YjHl8gJL2uuvvi998l6t5c1Lrn7OWIIAAV7eQ5zBh5EWg74HfHzY33Dun0//gZR+uL/WQxBHjsx4UH6x9zBlaDeQcb1Rb"
        "sNt3HIoKhEKNI75TEYGBA/FJxeEMNVE0mT7kbKZrnGzta5BmB5KTWKnRdGosThsHIQqW1kn0vNrSdy9Ug7NS+QnWmIaKpOA1x01r"
        "2oZ6SVEUa6rkcSYdgABIIrj6"
    ),
    "tiff": (
        "eNrz9NRiuMDAwNDAoBBgoSLGy97ilBiwI8VMlr/DJSnQYkmYrniPW3LgjidltvITPFKCLFWm+ap3MKQG7YxZJKkzwyf1QmbPtVTj"
        "2X5pnzKvfIu0mR/gYOQlKubqusRDU2THV725ssuDlUularJWBvWEvtpYdTVJN3bJdR0xibV9J0U2B67+Nou366bt9ujn5tJTrr0s"
        "nRH7Xuj21UfG1XNvfRA/dY6vPeywu0EpD6vZX/ldF99O8TZl2q1x+px2sYXoakv2nc+/RNmqTfddfiWrNGpv2vZY8YYGLgYGRmYG"
        "RqCPHICYEYnNBGVzADEzlM0KxGxQNjMQCzKywNWIIekVh4qfAGIZqDhYDsgGafQDcUDgGVjJKBip4A6DxmggjGCgMRr/IxkAACeT"
        "Xhw="
    ),
    "gif": (
        "eNoB8wAM/0dJRjg3YUAAQACBAADm3CjIKCgAAAAAAAAsAAAAAEAAQABACMwAAQgcSLCgwYMIEypcyLChw4cQGQaYSLGixYsVI0LE"
        "yLGjR4oaD34cSdJiSIMlU3I82VBlR5YwY8qcSbOmyJU2HbpUWXOnz4wwfwrtKfRjTp04jypdyrSp06dQn/qMKrAoxqVWRxLNSlIm"
        "V55Bv5b0KtYozbJXlaKlCmAq27dw48qdS7eu3bt48+ol21WuVapinaKdqHYw0LOGTc5MnDYm44t8Hx8+KRly2MogL2MOEFny4s2I"
        "PW9NXHht08BR//odu7e169ewY8t+GBAAO6YjaeU="
    ),
    "bmp": (
        "eNrtljEOwjAQBG+oqFCe4VdEKD2/TpFHUPOOWDFUqWAKK+RG2sraqay7mx7jEBtjTam5v0Nc20N9n28tl2gpz1eUskSS/Ct8UOWf"
        "FOxx7W8MoASgBKAEoASgBOAEsg9OIPvgBJ374ATZP3f/6P+/+/zoPj/1/Nf7R+8/vX/1/tf3h75//P3l778kOQEruPkLqA=="
    ),
}
