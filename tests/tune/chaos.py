"""Workers that are killed and storages that go away, again and again, while a study is played.

python -m tests.tune.chaos --kills 50
python -m tests.tune.chaos --kills 50 --postgres
python -m tests.tune.chaos --outages 20 --seconds 30 --postgres
python -m tests.tune.chaos --kills 50 --real              with real runs, of the ring
"""

from __future__ import annotations

import argparse
import os
import pwd
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.trial import TrialState

from ganlab.assemble.run_directory import RunDirectory
from ganlab.tune.address import VARIABLE, address
from ganlab.tune.plan import Plan
from ganlab.tune.queue import counted
from ganlab.tune.result import TrialResult
from ganlab.tune.score import SeedResult
from tests.tune.studies import FAKE, began, plan

WORKER = """
import sys
from ganlab.tune import child
if {fake!r}:
    child.PROGRAM = {fake!r}
from ganlab.cli import main
sys.exit(main(["tune", "worker", {home!r}, "--number", {number!r}, "--heartbeat", "1", "--grace", "8"]))
"""

REAL = (
    "budget_rounds=120",
    "watch.picture_every=1000",
    "watch.diagnostics=[{name='mmd', count=256}]",
    "watch.monitors=[]",
)


@contextmanager
def postgres() -> Iterator[tuple[str, Server]]:
    """The address of a server of our own, on loopback. Its directory is not below pytest's, into which only we look."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        server = Server(Path(place) / "postgres")
        server.make()
        server.start()
        try:
            yield f"postgresql+psycopg://study@127.0.0.1:{server.port}/postgres", server
        finally:
            server.stop("immediate", check=False)


class Server:
    """PostgreSQL, which will not run as root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
        self.user = None if os.getuid() else "postgres"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def make(self) -> None:
        self.folder.mkdir()
        if self.user:
            shutil.chown(self.folder, self.user)
        self.folder.chmod(0o700)
        self._run("initdb", "-D", str(self.folder), "-U", "study", "--auth=trust", "--no-sync")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, how: str, *, check: bool = True) -> None:
        self._run("pg_ctl", "-D", str(self.folder), "-w", "-m", how, "stop", check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=check,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            user=self.user,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )


def found() -> bool:
    """True if there is a PostgreSQL here that we may run."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return False
    try:
        return os.getuid() != 0 or pwd.getpwnam("postgres").pw_uid != 0
    except KeyError:
        return False


class Players:
    """Workers of one study, begun again whenever they are killed."""

    def __init__(self, home: Path, url: str, count: int, fake: bool) -> None:
        self._home = home
        self._environment = {**os.environ, VARIABLE: url, "OMP_NUM_THREADS": "1"}
        self._fake = FAKE if fake else ()
        self.workers = [self._begin(number) for number in range(count)]

    def _begin(self, number: int) -> subprocess.Popen[bytes]:
        script = WORKER.format(fake=self._fake, home=str(self._home), number=str(number))
        return subprocess.Popen([sys.executable, "-c", script], env=self._environment, stdin=subprocess.DEVNULL)

    def kill(self, number: int) -> bool:
        """Kill one, and begin another in its place; False if it had ended."""
        ended = self.workers[number].poll() is not None
        if not ended:
            self.workers[number].send_signal(signal.SIGKILL)
            self.workers[number].wait()
            self.workers[number] = self._begin(number)
        return not ended

    def wait(self, seconds: float) -> None:
        """Until all have ended by themselves. Raises `TimeoutExpired`, `AssertionError`."""
        deadline = time.monotonic() + seconds
        for each in self.workers:
            status = each.wait(max(0.1, deadline - time.monotonic()))
            assert status == 0, f"a worker ended with {status}"

    def end(self) -> None:
        for each in self.workers:
            each.kill()
            each.wait()


def play(
    folder: Path,
    wanted: Plan,
    url: str | None,
    *,
    kills: int = 0,
    pause: float = 1.5,
    fake: bool = True,
    trouble: Iterable[object] = (),
    seed: int = 0,
    seconds: float = 600,
) -> tuple[optuna.Study, Path, int]:
    """The study, played by two workers, of which one is killed every so often; how many were."""
    study, home = began(wanted, folder, url)
    url = url or address(None, home.path)
    chance = random.Random(seed)
    players = Players(home.path, url, 2, fake)
    done = 0
    try:
        for _ in trouble:
            if all(each.poll() is not None for each in players.workers):
                break
        while done < kills:
            time.sleep(chance.uniform(0.2, 2) * pause)
            if not players.kill(chance.randrange(2)) and all(each.poll() is not None for each in players.workers):
                break
            done += 1
        players.wait(seconds)
    finally:
        players.end()
    return study, home.path, done


def check(study: optuna.Study, home: Path, wanted: Plan) -> None:
    """Nothing lost, nothing left, nothing twice, and every value as it would be without any trouble."""
    trials = study.get_trials()
    states = [each.state for each in trials]
    assert TrialState.RUNNING not in states, "a trial is left running"
    assert TrialState.WAITING not in states, "a trial is left waiting"
    finished = [each for each in trials if each.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    directories = [each.user_attrs["directory"] for each in finished]
    assert len(directories) == len(set(directories)), "a trial was told twice"
    on_disk = {each.parent.name for each in home.glob("trials/*/trial.json")}
    assert on_disk == set(directories), "a finished trial is lost"
    assert len(counted(trials)) >= wanted.trials
    for each in trials:
        if each.user_attrs.get("directory") not in (None, f"{each.number:04d}") and each.state is not TrialState.FAIL:
            assert "failed_trial" in each.system_attrs or "state" in each.user_attrs, "a retry is not marked"
    for each in finished:
        kept = TrialResult.kept(home / "trials" / each.user_attrs["directory"])
        assert kept is not None
        assert each.user_attrs["score"] == kept.value


def replayed(study: optuna.Study, folder: Path, wanted: Plan, *, fake: bool) -> int:
    """Play every run of a trial that had to be gone on with once more, by its command, without any trouble: its value
    is the same to the last bit. How many runs there were."""
    trials = study.get_trials()
    lives = Counter(each.user_attrs.get("directory") for each in trials)
    interrupted = [
        each for each in trials if each.state is TrialState.COMPLETE and lives[each.user_attrs["directory"]] > 1
    ]
    runs = 0
    for each in interrupted:
        place = folder / "again" / str(each.number)
        for seed, command in zip(each.user_attrs["seeds"], each.user_attrs["commands"], strict=True):
            words = shlex.split(command)[1:]
            words[words.index("--runs") + 1] = str(place)
            program = FAKE if fake else (sys.executable, "-m", "ganlab")
            subprocess.run([*program, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            name = words[words.index("--name") + 1]
            found = SeedResult.of(seed["seed"], RunDirectory(place / name), wanted.objective)
            assert found.value == seed["value"], f"trial {each.number}, {name}: {found.value}, was {seed['value']}"
            runs += 1
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--outages", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the storage is away")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    settings = REAL if arguments.real else ()
    wanted = replace(plan(trials=arguments.trials, set=settings), rungs=(), fresh_seeds=3)
    fake = not arguments.real
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        began_at = time.monotonic()
        how = {"kills": arguments.kills, "fake": fake, "seed": arguments.seed}
        if arguments.postgres:
            with postgres() as (url, server):
                trouble = outages(server, arguments.outages, arguments.seconds)
                study, home, kills = play(folder, wanted, url, trouble=trouble, **how)
                check(study, home, wanted)
                tell(study, kills, began_at, replayed(study, folder, wanted, fake=fake))
        else:
            study, home, kills = play(folder, wanted, None, **how)
            check(study, home, wanted)
            tell(study, kills, began_at, replayed(study, folder, wanted, fake=fake))


def outages(server: Server, count: int, seconds: float) -> Iterator[int]:
    """The server goes away and comes back."""
    for number in range(count):
        time.sleep(2.0)
        server.stop("immediate")
        time.sleep(seconds)
        server.start()
        yield number


def tell(study: optuna.Study, kills: int, began_at: float, runs: int) -> None:
    states = [each.state.name for each in study.get_trials()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    print(f"{kills} kills in {time.monotonic() - began_at:.0f} s: {counts}; nothing lost, left, or told twice")
    print(f"{runs} runs of trials that had been gone on with, played again: the same values")


if __name__ == "__main__":
    main()
