"""Benchmarks that come with ganlab: games whose truth is known, played by recipes anyone can run, beside a baseline.

A benchmark is a plan (a TOML file: games, recipes, bars), ordinary runs in a directory, and a table of means and
standard errors. What was played is not played again.
"""
