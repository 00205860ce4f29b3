"""Read a file of weights with torch.load. Prints one line of JSON."""

import json
import resource
import sys
import time

import torch

case = json.loads(sys.argv[1])


def read():
    if case["format"] == "pth":
        return torch.load(case["file"], map_location="cpu", weights_only=True)
    with open(case["file"], "rb") as file:  # as the safetensors package does, which need not be installed
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        values = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
    header.pop("__metadata__", None)
    return {
        name: values[entry["data_offsets"][0] // 4 : entry["data_offsets"][1] // 4].view(entry["shape"])
        for name, entry in header.items()
    }


times = []
for i in range(case["repeats"] + 2):
    started = time.perf_counter()
    tensors = read()
    assert torch.isfinite(sum(t[-1, -1] for t in tensors.values()))
    if i >= 2:
        times.append(time.perf_counter() - started)
times.sort()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"median": times[len(times) // 2], "least": times[0], "peakBytes": peak}))
