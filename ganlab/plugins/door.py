"""Loads plugins one by one, collects what they register, and remembers what failed and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pluggy

from ganlab import hookspecs
from ganlab.errors import PluginError, nearest
from ganlab.plugins.contract import PUT_BACK, fault, full_name, guarded, register
from ganlab.plugins.discovery import Found, discover
from ganlab.plugins.observers import HOOKS, Observers
from ganlab.plugins.questions import Questions, answered
from ganlab.plugins.registering import registered, unasked
from ganlab.plugins.state import PluginState
from ganlab.registry import KINDS, Entry, Origin, Registry

T = TypeVar("T")


class Plugins(Questions):
    """Every installed plugin. `report` is told, in one line, of an observer that fails while a run goes on. With
    `tried`, a stranger's plugin is imported in a process of its own first, and here only if that survived."""

    def __init__(self, report: Callable[[str], None] | None = None, *, tried: bool = False) -> None:
        self._report = report
        self._tried = tried
        self._manager = pluggy.PluginManager("ganlab")
        self._manager.add_hookspecs(hookspecs)
        self._found = discover()
        origins = [each.origin for each in self._found]
        self._states = [PluginState(each.plugin, each.distribution, each.version, each.builtin) for each in origins]
        self._modules: dict[int, Any] = {}
        self._registries: dict[str, Registry[Any]] = {kind: Registry(kind) for kind in KINDS}
        self._refused: dict[tuple[str, str], list[str]] = {}
        self._collected: set[tuple[int, str]] = set()
        self._used: set[Origin] = set()

    def find(self, kind: str, name: str) -> Entry[Any]:
        """The entry of that kind called `name`. Third-party plugins are imported only if the built-ins lack it.

        Raises `PluginError` if there is none, if two plugins claim the name, or if what registers it is broken.
        """
        registry = self._registry(kind, third_party=False)
        if name not in registry:
            registry = self._registry(kind, third_party=True)
        if name not in registry and (refused := self._refused.get((kind, name))):
            raise PluginError("; ".join(refused))
        try:
            entry = registry.find(name)
        except PluginError as error:
            raise PluginError(f"{error}{'' if name in registry else unasked(self._states, kind)}") from None
        self._used.add(entry.origin)
        return entry

    def names(self, kind: str, *, third_party: bool) -> list[str]:
        """Every name of that kind, sorted; without `third_party` only those of the built-ins, and cheaply."""
        registry = self._registry(kind, third_party=third_party)
        return sorted({each.name for each in registry.entries() if third_party or each.origin.builtin})

    def entries(self, kind: str) -> list[Entry[Any]]:
        """Everything of that kind that any plugin registers, by name."""
        return self._registry(kind, third_party=True).entries()

    def load_all(self) -> None:
        """Import every plugin and collect all it registers; what fails is recorded in `states()`."""
        for kind in KINDS:
            self._registry(kind, third_party=True)

    def states(self) -> list[PluginState]:
        """What is known so far of every installed plugin, ours first."""
        return list(self._states)

    def state(self, name: str) -> PluginState:
        """The plugin of that name, loaded. Raises `PluginError` if none, or more than one, is installed."""
        return self._asked(self._index(name))

    def inspect(self, full: str) -> tuple[PluginState, list[Entry[Any]]]:
        """The plugin that pluggy knows by that name, loaded, and all it registers. Raises `PluginError` if none is."""
        index = next((number for number, found in enumerate(self._found) if full_name(found) == full), None)
        if index is None:
            raise PluginError(f"no plugin '{full}' is installed any more")
        for kind in KINDS:  # whoever takes a name of ours must meet it
            self._registry(kind, third_party=False)
        state = self._asked(index)
        entries = (entry for registry in self._registries.values() for entry in registry.entries())
        return state, [entry for entry in entries if entry.origin == state.origin]

    def installed(self, name: str) -> Found:
        """The metadata of the plugin of that name. Raises `PluginError` as `state` does, and imports nothing."""
        return self._found[self._index(name)]

    def observers(self, names: Sequence[str]) -> Observers:
        """The observer hooks of the named plugins. Raises `PluginError` for one that is unknown, broken or observes
        nothing."""
        chosen = []
        for name in dict.fromkeys(names):
            index = self._index(name)
            self._try([index])
            self._load(index)
            state = self._states[index]
            if state.status != "loaded":
                raise PluginError(f"{state.origin} cannot be loaded: {'; '.join(state.problems or state.notes)}")
            if not state.observes:
                raise PluginError(f"{state.origin} has no observer hook; leave it out of watch.observers")
            chosen.append((state.origin, self._modules[index]))
            self._used.add(state.origin)
        return Observers(self._manager, chosen, self._report)

    def versions(self) -> dict[str, str]:
        """Version by distribution, of the plugins that `find` and `observers` handed out."""
        return {origin.distribution: origin.version for origin in sorted(self._used, key=str)}

    def _answers(self, hook: str, given: Mapping[str, Any], kind: type[T]) -> Iterator[T]:
        """What plugins have to say to the question `hook`, ours first."""
        for third_party in (False, True):
            indices = [index for index, state in enumerate(self._states) if state.builtin is not third_party]
            self._try(indices)
            for index in indices:
                self._load(index)
                state = self._states[index]
                module = self._modules.get(index, self)
                answer, problem = answered(self._manager, module, state, hook, given, kind)
                state.problems += [problem] * bool(problem)
                if self._report is not None and (problem or state.status == "broken"):
                    self._report(f"{state.origin}: {state.problems[-1]}; it is passed over")
                if answer is not None:
                    yield answer

    def _index(self, name: str) -> int:
        indices = [index for index, state in enumerate(self._states) if state.name == name]
        if not indices:
            known = [state.name for state in self._states]
            raise PluginError(f"no plugin named '{name}'.{nearest(name, known)} 'ganlab plugins list' shows all.")
        if len(indices) > 1:
            claimants = " and ".join(self._states[index].distribution for index in indices)
            raise PluginError(f"two distributions have a plugin named '{name}': {claimants}; uninstall one")
        return indices[0]

    def _registry(self, kind: str, *, third_party: bool) -> Registry[Any]:
        if kind not in self._registries:
            raise PluginError(f"there is no kind '{kind}'.{nearest(kind, KINDS)} Kinds: {', '.join(KINDS)}")
        if third_party:
            self._try(range(len(self._found)))
        for index, state in enumerate(self._states):  # ours come first, so that no one takes their names
            if state.builtin or third_party:
                known = len(state.notes)
                self._load(index)
                self._collect(index, kind)
                for note in state.notes[known:]:
                    if self._report is not None and note.endswith(PUT_BACK):
                        self._report(f"{state.origin}: {note}")
        return self._registries[kind]

    def _asked(self, index: int) -> PluginState:
        self._try([index])
        self._load(index)
        for kind in KINDS:
            self._collect(index, kind)
        return self._states[index]

    def _try(self, indices: Iterable[int]) -> None:
        """Those of the plugins that may not be imported here have a problem afterwards."""
        new = {
            full_name(found): index
            for index in indices
            for found, state in [(self._found[index], self._states[index])]
            if self._tried and not (state.builtin or found.problem or found.note) and state.status == "not loaded"
        }
        if new:
            from ganlab.plugins.trial import problems

            for name, problem in problems([self._found[index] for index in new.values()]).items():
                self._found[new[name]] = replace(self._found[new[name]], problem=problem)

    def _load(self, index: int) -> None:
        """Import one plugin and check its hooks; whatever goes wrong becomes its problem."""
        found, state = self._found[index], self._states[index]
        if state.status != "not loaded" or found.note:
            state.notes = state.notes or [found.note] * bool(found.note)
            return
        module, problem = None, found.problem
        if found.entry_point and not problem:
            module, problem = guarded(found.entry_point.load, state, "importing", "importing it raised ")
        if not problem:
            faults, problem = guarded(lambda: register(self._manager, module, found), state, "registering")
            problem = problem or "; ".join(faults or ())
        if problem:
            if self._manager.has_plugin(full_name(found)):
                self._manager.unregister(name=full_name(found))
            state.status, state.problems = "broken", [problem]
            return
        state.status = "loaded"
        self._modules[index] = module
        hooks = [caller.name for caller in self._manager.get_hookcallers(module) or []]
        state.observes = [hook for hook in HOOKS if hook in hooks]

    def _collect(self, index: int, kind: str) -> None:
        """Ask one plugin, once, what it registers of that kind."""
        if index not in self._modules or (index, kind) in self._collected:
            return
        self._collected.add((index, kind))
        state = self._states[index]
        for name, factory in registered(self._manager, self._modules[index], state, f"ganlab_register_{kind}"):
            self._add(Entry(kind, name, factory, state.origin), state)

    def _add(self, entry: Entry[Any], state: PluginState) -> None:
        registry = self._registries[entry.kind]
        problem = fault(entry)
        if not problem and not entry.origin.builtin and entry.name in registry:
            others = [each.origin for each in registry.entries() if each.name == entry.name]
            problem = f"{entry}: {' and '.join(map(str, others))} registers that name too"
            if not any(origin.builtin for origin in others):
                registry.add(entry)  # asking for the name is then an error that names both
        elif not problem:
            registry.add(entry)
        if problem:
            state.problems.append(problem)
            self._refused.setdefault((entry.kind, str(entry.name)), []).append(problem)
        else:
            state.provides.setdefault(entry.kind, []).append(entry.name)
