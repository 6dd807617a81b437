"""The report of a study: one HTML page to look at, to send, and to keep."""
