"""One epoch of PyTorch's DataLoader with Pillow: the usual data set of a paper's code. Prints one line of JSON.

`draft` in the case: let the JPEG decoder work at a reduced scale first, as ours does; hardly any code does.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

case = json.loads(sys.argv[1])
files = sorted(Path(case["folder"]).iterdir())
size = (case["side"], case["side"])


class Photographs(Dataset):
    def __len__(self):
        return case["images"]

    def __getitem__(self, index):
        with Image.open(files[index % len(files)]) as image:
            if case["draft"]:
                image.draft("RGB", size)
            small = image.convert("RGB").resize(size, Image.Resampling.BILINEAR)
        return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)


def resident():
    """Of this process and its workers."""
    pids = [os.getpid()] + [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            pass
    return pages * os.sysconf("SC_PAGE_SIZE")


def epoch(note=None):
    total = 0
    for batch in loader:
        total += len(batch)
        if note:
            note(total)
    return total


torch.set_num_threads(1)
loader = DataLoader(
    Photographs(), batch_size=case["batch"], num_workers=case["workers"], persistent_workers=True
)
next(iter(loader))  # the workers are started
rss = []
every = max(case["batch"], case["images"] // 12 // case["batch"] * case["batch"])
started = time.perf_counter()
total = epoch(lambda done: rss.append(resident()) if done % every == 0 else None)
seconds = time.perf_counter() - started
print(json.dumps({"rate": total / seconds, "rss": rss}))
