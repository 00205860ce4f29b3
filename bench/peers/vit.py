"""The same work in PyTorch: python3 bench/peers/vit.py '{"kind": "step", ...}'. Prints one line of JSON.

Scaled-dot-product attention and fused AdamW where the build has it: the fastest plain form of this model.
For Debian's build put libopenblas0-openmp first on LD_LIBRARY_PATH; name the CPU beside each figure.
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


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.proj(attended)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class VisionTransformer(nn.Module):
    def __init__(self, side, patch, width, depth, heads, **_):
        super().__init__()
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, (side // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        patches = self.embed(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls.expand(len(x), -1, -1), patches], 1) + self.positions
        return self.head(self.norm(self.blocks(tokens))[:, 0])


model = VisionTransformer(**case)
x = torch.randn(case["images"], 3, case["side"], case["side"])
y = torch.arange(case["images"]) % 2

try:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=6e-5, fused=True)
except (RuntimeError, TypeError):
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=6e-5)


def step():
    loss = F.cross_entropy(model(x), y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def forward():
    with torch.inference_mode():
        return model(x)[0, 0].item()


work = step if case["kind"] == "step" else forward
times = []
for i in range(case["repeats"] + 2):
    started = time.perf_counter()
    work()
    if i >= 2:
        times.append(time.perf_counter() - started)
times.sort()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"median": times[len(times) // 2], "least": times[0], "peakBytes": peak}))
