"""Decode and resize photographs with Pillow, as a torchvision data set does, on all cores. Prints one line of JSON."""

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

case = json.loads(sys.argv[1])
files = sorted(Path(case["folder"]).iterdir())
size = (case["side"], case["side"])


def load(file):
    with Image.open(file) as image:
        return image.convert("RGB").resize(size, Image.Resampling.BILINEAR)


times = []
with ThreadPoolExecutor(int(os.environ.get("OSCC_THREADS", os.cpu_count()))) as pool:
    for i in range(case["repeats"] + 2):
        started = time.perf_counter()
        list(pool.map(load, files))
        if i >= 2:
            times.append(time.perf_counter() - started)
times.sort()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"median": times[len(times) // 2], "least": times[0], "peakBytes": peak}))
