"""Studies: searches for settings that are good and stay good over seeds.

A study is one Optuna study in one storage, and any number of equal workers that ask it for a setting, play it with
several seeds, each as an ordinary run in a process of its own, and tell what came of it. What was played lies in the
study's directory before it is told, so that nothing is lost with a worker, a machine or the storage.
"""
