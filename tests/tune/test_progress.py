"""How far a trial is, by the records of its runs."""

from __future__ import annotations

from pathlib import Path

from ganlab.tune.progress import playing


def test_the_last_line_that_is_whole_of_the_last_seed_counts(tmp_path: Path) -> None:
    assert playing(tmp_path, 10.0) == ""
    for seed in (0, 9, 10):
        (tmp_path / f"seed-{seed}").mkdir()
    (tmp_path / "seed-9/measurements.jsonl").write_text('{"kimg": 9.0}\n')
    assert playing(tmp_path, 10.0) == "seed 9 at 90%"
    record = tmp_path / "seed-10/measurements.jsonl"
    record.write_text("")
    assert playing(tmp_path, 10.0) == "seed 10 at 0%"
    record.write_text('{"kimg": 1.0}\n{"kimg": 2.5}\n{"kimg": 7')
    assert playing(tmp_path, 10.0) == "seed 10 at 25%"
    record.write_text("x" * 100_000 + '\n{"kimg": 12.0}\n[]\n')
    assert playing(tmp_path, 10.0) == "seed 10 at 100%"
