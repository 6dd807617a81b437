"""A round gets the memory that the last one freed, not new pages of the system."""

from __future__ import annotations

import os
import subprocess
import sys

from ganlab.assemble.allocator import ASKED

PLAY = """
import resource, torch
from ganlab.assemble.allocator import keep_freed_memory
torch.set_num_threads(1)
keep_freed_memory()
def round():
    held = [torch.full((150_000,), 1.0) for _ in range(20)]  # 12 MB in pieces of 600 KB
round()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20): round()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 20)
"""


def pages(**environment: str) -> int:
    """How many a round takes."""
    told = {name: value for name, value in os.environ.items() if name not in ASKED} | environment
    done = subprocess.run([sys.executable, "-c", PLAY], capture_output=True, text=True, check=True, env=told)
    return int(done.stdout)


def test_a_round_asks_the_system_for_no_pages_unless_the_user_wants_it_to() -> None:
    assert pages() < 100
    assert pages(MALLOC_MMAP_THRESHOLD_="100000", MALLOC_TRIM_THRESHOLD_="100000") > 1000
