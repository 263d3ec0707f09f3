"""The docstrings of the public estimators and the links to them."""
