"""Formulas: functions of points (N, D), one row a sample, that return plain numbers. They know no run and draw nothing
from torch's global generator; what is random takes a generator or has a fixed seed. What cannot be said (a point that
is not finite, fewer than two of them) is NaN, not an error."""
