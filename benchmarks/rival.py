"""The rival: the recipe everyone copies, as a whole process. Prints its times and memory as JSON.

Run as `python -m benchmarks.rival PHOTO...` with KERAS_HOME holding the weights.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from mobilenet_gui.startup import seconds_since_start


def main() -> None:
    """Load, recognise every photo of the command line, print the figures."""
    import numpy as np
    import tensorflow as tf
    from keras.applications.mobilenet import MobileNet, decode_predictions, preprocess_input
    from keras.utils import img_to_array, load_img

    model = MobileNet(weights="imagenet", input_shape=(192, 192, 3), alpha=0.75)
    first = 0.0
    times = []
    for path in sys.argv[1:]:
        begin = time.perf_counter()
        image = load_img(path, target_size=(192, 192))
        batch = preprocess_input(np.expand_dims(img_to_array(image), 0))
        decode_predictions(model.predict(batch, verbose=0), top=5)
        times.append(time.perf_counter() - begin)
        first = first or seconds_since_start()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    warm = sorted(times[1:])[len(times[1:]) // 2] if len(times) > 1 else None
    print(json.dumps({"first_result": first, "per_photo": warm, "peak_mb": peak, "tensorflow": tf.__version__}))


if __name__ == "__main__":
    main()
