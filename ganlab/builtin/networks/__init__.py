"""The networks behind the built-in architectures, and the parts they share.

Importing a module of this package imports torch, `choices` apart; architectures import them when they build.
"""
