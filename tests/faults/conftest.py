from tests.faults.lives import begin

__all__ = ["begin"]
