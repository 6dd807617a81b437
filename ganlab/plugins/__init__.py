"""The door through which everything with a name comes in, ours and a stranger's alike.

Entry points of the group `ganlab` are found by reading metadata, imported only when something is asked for that needs
them, and loaded one by one: a broken plugin stops what needs it and nothing else.
"""

from ganlab.plugins.door import Plugins
from ganlab.plugins.observers import Observers
from ganlab.plugins.scaffold import scaffold
from ganlab.plugins.state import PluginState
from ganlab.registry import KINDS

__all__ = ["KINDS", "Observers", "PluginState", "Plugins", "scaffold"]
