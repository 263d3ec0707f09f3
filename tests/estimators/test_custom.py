"""Estimators whose graph a function of the user's builds."""
