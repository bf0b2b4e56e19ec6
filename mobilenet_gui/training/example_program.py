"""Owns the small Python program that goes with each export: it stands alone and gives the answers of this program.

The text is the same for every model; what differs is read from `preprocessing.json` and `labels.txt` beside it, so no
class name, however odd, ever becomes code.
"""

from __future__ import annotations

from typing import Final

from mobilenet_gui.core.imaging import DECODE_MARGIN
from mobilenet_gui.core.strangers import FARTHEST, NEAREST, OFFSET, SCALE
from mobilenet_gui.training.export_job import ExportFormat

EXAMPLE_NAME: Final = "example.py"

_NEEDS: Final[dict[ExportFormat, str]] = {
    "tflite": "pip install pillow numpy ai-edge-litert",
    "tflite-float16": "pip install pillow numpy ai-edge-litert",
    "tflite-int8": "pip install pillow numpy ai-edge-litert",
    "onnx": "pip install pillow numpy onnxruntime",
    "keras": "pip install pillow tensorflow",
    "savedmodel": "pip install pillow tensorflow",
}

_HEAD: Final = '''"""Recognise photos with this model:  python example.py PHOTO...

Needs: {needs}
"""

import io
import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
LABELS = (HERE / "labels.txt").read_text(encoding="utf-8").splitlines()
FILTERS = {{
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}}
TURNS = {{
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}}


def to_rgb(image):
    """Return the photo in red, green and blue; transparent parts become white."""
    if image.mode in {{"LA", "La", "PA", "RGBA", "RGBa"}} or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    if image.mode in {{"I", "F"}} or image.mode.startswith("I;16"):
        return from_deep_grey(image)
    return image.convert("RGB")


def from_deep_grey(image):
    """Return a grey photo of 16 bits and more, or of fractions; where nothing says what white is, its values do."""
    values, low, high = np.asarray(image), 0.0, 65535.0
    if not image.mode.startswith("I;16"):
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        whites = [white for white in usual if low >= 0 and high <= white]
        low, high = (0.0, whites[0]) if whites else (low, max(high, low + 1e-12))
    values = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    values = np.clip(np.nan_to_num(values, nan=0.0, posinf=255.0, neginf=0.0), 0.0, 255.0)
    return Image.fromarray(np.rint(values).astype(np.uint8)).convert("RGB")


def to_srgb(image):
    """Return what gives the photo its usual colours, where a profile says that its own are others; else None."""
    mode = image.mode if image.mode in {{"CMYK", "LAB"}} else "RGB"
    profile = image.info.get("icc_profile")
    if mode != "LAB" and (not profile or image.mode in {{"L", "LA", "1"}}):
        return None
    try:
        if mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != mode or "sRGB" in (source.profile.profile_description or ""):
                return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def read_photo(path):
    """Return the middle of a photo as the model wants to see it: whole numbers 0-255, shape (size, size, 3)."""
    resize, size = ABOUT["resize"], ABOUT["input"]["size"]
    with Image.open(path) as image:
        image.seek(0)
        needed = math.ceil({margin} * size / resize["crop_fraction"])
        shrink = 1 if resize["stretch"] else max(1, min(image.size) // needed)
        if shrink > 1 and image.format == "JPEG":  # a large photo is read at a smaller scale, which is faster
            image.draft(None, (max(1, image.width // shrink), max(1, image.height // shrink)))
            shrink = max(1, min(image.size) // needed)
        image.load()
        turn = None if image.format == "TIFF" else TURNS.get(image.getexif().get(0x0112))  # Pillow turns a TIFF
        colours = to_srgb(image)
        if colours is not None and image.mode in {{"CMYK", "LAB"}}:
            photo, colours = ImageCms.applyTransform(image, colours), None
        else:
            photo = to_rgb(image)
    if shrink > 1:
        photo = photo.reduce(shrink)
    if turn is not None:
        photo = photo.transpose(turn)
    if resize["stretch"]:
        photo = photo.resize((size, size), Image.Resampling.NEAREST)
    else:
        side = resize["crop_fraction"] * min(photo.size)
        left, top = (photo.width - side) / 2, (photo.height - side) / 2
        box = (left, top, min(photo.width, left + side), min(photo.height, top + side))
        photo = photo.resize((size, size), FILTERS[resize["filter"]], box=box, reducing_gap=3.0)
    return np.asarray(photo if colours is None else ImageCms.applyTransform(photo, colours))


def to_input(pixels):
    """Return what goes into the network for pixels 0-255, with a leading 1 for "one photo"."""
    about = ABOUT["input"]
    if about["type"] == "float32":
        values = (pixels.astype(np.float32) - np.float32(about["mean"])) / np.float32(about["deviation"])
    else:
        values = np.asarray(about["table"], about["type"])[pixels]
    return values.transpose(2, 0, 1)[None].copy() if about["layout"] == "NCHW" else values[None]


'''

_LITERT: Final = '''def load(path):
    """Return a function from input to the network's output, a row of numbers, and what goes into its last layer."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter
    inner = ABOUT.get("strangers", {}).get("tensor")
    with warnings.catch_warnings():  # of the memory that it takes to keep what goes into the last layer
        warnings.simplefilter("ignore")
        network = Interpreter(model_path=str(path), experimental_preserve_all_tensors=inner is not None)
    network.allocate_tensors()
    photo, answer = network.get_input_details()[0], network.get_output_details()[0]
    details = {tensor["index"]: tensor for tensor in network.get_tensor_details()}

    def read(index):
        row = network.get_tensor(index).reshape(-1).astype(np.float32)
        scale, zero = details[index]["quantization"]
        return (row - zero) * scale if scale else row

    def ask(values):
        network.set_tensor(photo["index"], values)
        network.invoke()
        return read(answer["index"]), None if inner is None else read(inner)

    return ask


'''

_ONNX: Final = '''def load(path):
    """Return a function from input to the network's output, a row of numbers, and what goes into its last layer."""
    try:
        import onnxruntime
    except ImportError:  # OpenCV reads the file, too
        import cv2

        network = cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8))

        def ask_opencv(values):
            network.setInput(values)
            return network.forward().reshape(-1), None

        return ask_opencv
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda values: (session.run(["probabilities"], {"photo": values})[0][0], None)


'''

_KERAS: Final = '''def load(path):
    """Return a function from input to the network's output, a row of numbers, and what goes into its last layer."""
    import keras

    network = keras.saving.load_model(path, compile=False)
    last = [layer for layer in network.layers if layer.weights][-1]
    both = keras.Model(network.inputs, [network.outputs[0], last.input])

    def ask(values):
        row, inner = both(values, training=False)
        return np.asarray(row)[0], np.asarray(inner).reshape(-1)

    return ask


'''

_SAVED_MODEL: Final = '''def load(path):
    """Return a function from input to the network's output, a row of numbers, and what goes into its last layer."""
    import tensorflow as tf

    network = tf.saved_model.load(str(path))
    serve = network.signatures["serving_default"]

    def ask(values, network=network):  # which must stay alive
        return serve(photo=tf.constant(values))["probabilities"].numpy()[0], None

    return ask


'''

_TAIL: Final = '''def to_probabilities(row):
    """Return one probability for each label."""
    about = ABOUT["output"]
    row = np.asarray(row, np.float32)
    if about["kind"] == "logits" or about["temperature"] != 1:
        if about["kind"] == "probabilities":
            row = np.log(np.maximum(row, 1e-30))
        row = np.exp((row - row.max()) / about["temperature"])
        row = row / row.sum()
    return row[1:] if about["background"] else row


def how_like(inner):
    """Return how like a photo is to those that the model was shown, 0 to 1, and the limit below which it is a stranger.

    inner: what goes into the network's last layer.
    """
    shown = np.load(HERE / ABOUT["strangers"]["file"])
    rows = {n: shown[n] * (shown[f"{n}_sizes"] / np.float32(127))[:, None] for n in shown if f"{n}_sizes" in shown}
    scales = shown["scales"]
    scores = (scales[0, 0] - apart(rows["vectors"] @ (rows["axes"] @ direction(inner)))) / scales[0, 1]
    if "kernel" in rows:
        logits = rows["kernel"] @ inner + shown["bias"]
        now = direction(np.exp((logits - logits.max()) / 2))
        scores = np.maximum(scores, FARTHEST_) + (scales[1, 0] - apart(rows["called"] @ now)) / scales[1, 1]
    # The first NEAREST_ of one class count, or all that it has.
    count = {label: min(NEAREST_, (shown["labels"] == label).sum()) for label in set(shown["labels"].tolist())}
    found = {label: [] for label in count}
    for place in (-scores).argsort(kind="stable"):
        some = found[int(shown["labels"][place])]
        some.append(scores[place])
        if len(some) == count[int(shown["labels"][place])]:
            break
    score = np.mean(some)
    return 1 / (1 + np.exp(-np.clip(score / SCALE_ + OFFSET_, -50, 50))), float(shown["limit"])


def direction(values):
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12)


def apart(alike):
    return np.log(np.maximum(1 - alike, 1e-4))


def main(paths):
    """Print the three most probable labels of each photo, and where it is unlike anything the model was shown."""
    if not paths:
        sys.exit(__doc__)
    ask = load(HERE / ABOUT["file"])
    for path in paths:
        row, inner = ask(to_input(read_photo(path)))
        answers = to_probabilities(row)
        print(path)
        if inner is not None and "strangers" in ABOUT:
            like, limit = how_like(inner)
            if like < limit:
                print(f"  Unlike anything it was shown ({like * 100:.0f} %, limit {limit * 100:.0f} %)")
        for index in answers.argsort(kind="stable")[::-1][:3]:
            print(f"  {answers[index] * 100:5.1f} %  {LABELS[index]}")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main(sys.argv[1:])
'''


def example_program(kind: ExportFormat) -> str:
    """Return the program that goes with an export of this kind."""
    if kind == "onnx":
        loader = _ONNX
    elif kind == "keras":
        loader = _KERAS
    else:
        loader = _SAVED_MODEL if kind == "savedmodel" else _LITERT
    tail = _TAIL
    for name, value in {"FARTHEST_": FARTHEST, "NEAREST_": NEAREST, "SCALE_": SCALE, "OFFSET_": OFFSET}.items():
        tail = tail.replace(name, str(value))
    return _HEAD.format(needs=needs(kind), margin=DECODE_MARGIN) + loader + tail


def needs(kind: ExportFormat) -> str:
    """Return the command that installs what the example needs."""
    return _NEEDS[kind]
