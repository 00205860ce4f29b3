"""An epoch of fusion and head on cached features in PyTorch. Prints one line of JSON.

`optimiser` in the case: "fused" (default where the build has it) or "foreach", PyTorch's own default.
"""

import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

case = json.loads(sys.argv[1])
torch.set_num_threads(int(os.environ.get("OSCC_THREADS", os.cpu_count())))
torch.manual_seed(1)

layers = [nn.Linear(case["images"] * case["width"], 768), nn.LayerNorm(768), nn.ReLU()]
width = 768
for hidden in (256, 128, 64):
    layers += [nn.Linear(width, hidden), nn.LayerNorm(hidden), nn.ReLU()]
    width = hidden
model = nn.Sequential(*layers, nn.Dropout(0.5), nn.Linear(width, 2))
optimiser = torch.optim.AdamW(
    model.parameters(), lr=1e-4, weight_decay=6e-5, **{os.environ.get("OSCC_ADAMW", "fused"): True}
)
x = torch.randn(case["samples"], case["images"] * case["width"])
y = torch.arange(case["samples"]) % 2


def epoch():
    for start in range(0, case["samples"], case["batch"]):
        part = slice(start, start + case["batch"])
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x[part]), y[part])
        loss.backward()
        optimiser.step()
        loss.item()


times = []
for i in range(case["repeats"] + 2):
    started = time.perf_counter()
    epoch()
    if i >= 2:
        times.append(time.perf_counter() - started)
times.sort()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"median": times[len(times) // 2], "least": times[0], "peakBytes": peak}))
